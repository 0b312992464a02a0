# Completion of coaia in fish: coaia itself is asked what can come next.

function __coaia_offer
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program coaia
    string match -q '*/*' -- $words[1]; and set program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l offer ($program __complete fish -- $words[2..-1] "$current" 2>/dev/null)
    switch "$offer[1]"
        case words parts
            string join \n -- $offer[2..-1]
        case files folders
            set -l before (string match -r -- '^--[^=]*=' $current)
            set -l typed (string replace -r -- '^--[^=]*=' '' $current)
            if test $offer[1] = files
                string replace -r '^' "$before" -- (__fish_complete_path "$typed")
            else
                string replace -r '^' "$before" -- (__fish_complete_directories "$typed" '')
            end
    end
end

complete -c coaia -f -a '(__coaia_offer)'
