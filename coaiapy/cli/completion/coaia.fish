# Completion of coaia in fish: coaia itself is asked what can come next.

function __coaia_offer
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program coaia
    if string match -q '*/*' -- $words[1]
        set program (string replace -r '^~/' "$HOME/" -- $words[1])
    end
    set -l offer ($program __complete fish -- $words[2..-1] "$current" 2>/dev/null)
    switch "$offer[1]"
        case words parts
            string join \n -- $offer[2..-1]
        case files env-files folders
            # What fish offers to a command that it does not know is paths.
            set -l option (string match -r -- '^--[^=]*=' $current)
            set -l typed (string replace -r -- '^--[^=]*=' '' $current)
            set -l paths (complete -C "__coaia_no_command $typed")
            if test $offer[1] = env-files
                # Before a dot is typed, fish offers nothing that begins with one: whole paths do not.
                set -l folder (string match -r -- '^.*/' $typed)
                set -l hidden (complete -C "__coaia_no_command $folder.env")
                test -z "$current"; and set hidden $PWD/$hidden
                set -a paths $hidden
            end
            test $offer[1] = folders; and set paths (string match -r -- '.*/$' $paths)
            string join \n -- "$option"$paths
    end
end

complete -c coaia -f -a '(__coaia_offer)'
