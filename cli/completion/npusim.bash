# Completion of npusim's options and their values for bash.
_npusim() {
    local current=${COMP_WORDS[COMP_CWORD]}
    local previous=${COMP_WORDS[COMP_CWORD - 1]}
    local names
    COMPREPLY=()
    case $previous in
        --arch)
            names=$(npusim --list 2>/dev/null | sed -n 's/^  \([^ ]*\.json\) .*/\1/p')
            mapfile -t COMPREPLY < <(compgen -W "$names" -- "$current"; compgen -f -- "$current")
            return ;;
        --model)
            names=$(npusim --list 2>/dev/null | sed -n '/^Networks/,/^$/s/^  \([^ ]*\) .*/\1/p') ;;
        --dataset) names=cifar10: ;;
        --scales) names='free power_of_two' ;;
        --granularity) names='per_channel per_tensor' ;;
        --batch-norm) names='multiplier weights' ;;
        --rounding) names='half_up half_even half_away double_rounding' ;;
        --bits | --residual-bits | --first-last-bits) names='1 2 3 4 5 6 7 8 16' ;;
        --weights | --json | --csv)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return ;;
        --dump | --data-root)
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            return ;;
        --image-size | --calibration-images | --test-images | --prove-images | --seed | --threads) return ;;
        *) names=$(npusim --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p') ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$names" -- "$current")
}
complete -o filenames -F _npusim npusim
