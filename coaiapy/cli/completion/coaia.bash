# Completion of coaia in bash: coaia itself is asked what can come next.

_coaia() {
    local kind= word= program=coaia
    case $1 in
        \~/*) program=$HOME/${1#\~/} ;;
        */*) program=$1 ;;
    esac
    COMPREPLY=()
    {
        IFS= read -r kind || return 0
        while IFS= read -r word; do
            COMPREPLY+=("$word")
        done
    } < <("$program" __complete bash -- "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS")
    case $kind in
        parts) compopt -o nospace ;;
        files | env-files) compopt -o default ;;
        folders) compopt -o dirnames ;;
    esac
} 2>/dev/null

complete -F _coaia coaia
