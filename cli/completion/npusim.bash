# Completion of npusim's commands, options and their values for bash.
_npusim() {
    local current=${COMP_WORDS[COMP_CWORD]}
    local previous=${COMP_WORDS[COMP_CWORD - 1]}
    local names command=
    COMPREPLY=()
    case ${COMP_WORDS[1]} in
        train | finetune | eval | analyze | sweep | merge | table | report | compare | scaling | import | schema) command=${COMP_WORDS[1]} ;;
    esac
    case $previous in
        --arch)
            names=$(npusim --list 2>/dev/null | sed -n 's/^  \([^ ]*\.json\) .*/\1/p')
            mapfile -t COMPREPLY < <(compgen -W "$names" -- "$current"; compgen -f -- "$current")
            return ;;
        --model)
            names=$(npusim --list 2>/dev/null | sed -n '/^Networks/,/^$/s/^  \([^ ]*\) .*/\1/p') ;;
        --dataset) names='cifar10: mnist: images: shapes' ;;
        --scales) names='free power_of_two' ;;
        --granularity) names='per_channel per_tensor' ;;
        --batch-norm) names='multiplier weights' ;;
        --rounding) names='half_up half_even half_away double_rounding' ;;
        --method) names='faq lsq fp32' ;;
        --schedule) names='constant exponential step cosine' ;;
        --accuracy) names='none calibrate finetune' ;;
        --based-on) names='45nm 28nm 22nm 16nm 7nm' ;;
        --mac-is) names='arithmetic pe' ;;
        --levels) names='fp32 fake integers machine' ;;
        --bits | --residual-bits | --first-last-bits) names='1 2 3 4 5 6 7 8 16' ;;
        --weights | --tuned | --recipe | --topology | --out | --json | --csv | --plot | --store | --markdown | --latex | --technology | --timeline | --roofline | --vcd)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return ;;
        --dump | --data-root | --run | --pictures)
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            return ;;
        --*)
            # An option that takes a value of its own gives nothing to choose from.
            if npusim $command --help 2>/dev/null | grep -q "^  $previous [A-Z]"; then return; fi ;;
    esac
    if [[ $command == schema && $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'arch sweep recipe' -- "$current")
        return
    fi
    if [[ $command == import && $COMP_CWORD -eq 2 && $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'accelergy' -- "$current")
        return
    fi
    if [[ $command =~ ^(sweep|merge|table|report|compare|import)$ && $current != -* && -z $names ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    if [ -z "$names" ]; then
        names=$(npusim $command --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p')
        if [ "$COMP_CWORD" -eq 1 ]; then names="train finetune eval analyze sweep merge table report compare scaling import schema $names"; fi
    fi
    mapfile -t COMPREPLY < <(compgen -W "$names" -- "$current")
}
complete -o filenames -F _npusim npusim
