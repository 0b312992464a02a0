#compdef coaia
# Completion of coaia in zsh: coaia itself is asked what can come next.

_coaia() {
    local program=coaia kind
    local -a offer
    case $words[1] in
        \~/*) program=$HOME/${(Q)${words[1]#\~/}} ;;
        */*) program=${(Q)words[1]} ;;
    esac
    offer=("${(@f)$("$program" __complete zsh -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    kind=$offer[1]
    offer=("${(@)offer[2,-1]}")
    case $kind in
        words) (( $#offer )) && _describe coaia offer ;;
        parts) (( $#offer )) && _describe coaia offer -S '' ;;
        files) compset -P '--*='; _files ;;
        env-files)  # by itself, zsh offers no hidden file before a dot is typed
            compset -P '--*='
            _alternative 'files:file:_files' 'env-files:file of settings:_files -g ".env*"'
            ;;
        folders) compset -P '--*='; _files -/ ;;
    esac
}

if [[ $funcstack[1] == _coaia ]]; then
    _coaia "$@"
elif (( $+functions[compdef] )); then
    compdef _coaia coaia
else
    print -u2 'coaia: zsh completes nothing yet: put "autoload -Uz compinit && compinit" above this'
fi
