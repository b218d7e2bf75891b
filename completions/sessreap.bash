# bash completion of sessreap; made by scripts/generate.mjs
_sessreap() {
  local rest=$COMP_LINE spaces part i current answer candidate
  local -a words=()
  # Bash splits words at : and =, too; what no blank stands between is one word again.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    part=${COMP_WORDS[i]}
    spaces=${rest%%[![:space:]]*}
    rest=${rest#"$spaces"}
    rest=${rest#"$part"}
    if [[ i -eq 0 || -n $spaces || ( i -eq COMP_CWORD && -z $part && $COMP_LINE == *[[:space:]] ) ]]; then
      words+=("$part")
    else
      words[${#words[@]}-1]+=$part
    fi
  done
  current=${words[${#words[@]}-1]}
  # The words are handed over as they are meant, without backslashes.
  words=("${words[@]//\\/}")
  local head=${current%"$part"}
  [[ $part == [:=] ]] && head=$current
  [[ $COMP_WORDBREAKS == *:* ]] || head=
  head=${head//\\/}
  COMPREPLY=()
  while IFS= read -r answer; do
    candidate=${answer%%$'\t'*}
    [[ $candidate == *[/:=] ]] && compopt -o nospace 2>/dev/null
    candidate=${candidate#"$head"}
    if [[ $candidate == '~'* ]]; then
      COMPREPLY+=("~$(printf %q "${candidate#\~}")")
    else
      COMPREPLY+=("$(printf %q "$candidate")")
    fi
  done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
}
complete -o nosort -F _sessreap sessreap 2>/dev/null || complete -F _sessreap sessreap
