/**
 * What a shell is told. Every script only hands its words to the hidden command `__complete`, which knows the commands,
 * options and formats of the very program that is called, so a script never grows old. Each answer is one line, the
 * candidate and after a tab what it means.
 */
const bash = `# bash completion of sessreap; made by scripts/generate.mjs
_sessreap() {
  local rest=$COMP_LINE spaces part i current answer candidate
  local -a words=()
  # Bash splits words at : and =, too; what no blank stands between is one word again.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    part=\${COMP_WORDS[i]}
    spaces=\${rest%%[![:space:]]*}
    rest=\${rest#"$spaces"}
    rest=\${rest#"$part"}
    if [[ i -eq 0 || -n $spaces || ( i -eq COMP_CWORD && -z $part && $COMP_LINE == *[[:space:]] ) ]]; then
      words+=("$part")
    else
      words[\${#words[@]}-1]+=$part
    fi
  done
  current=\${words[\${#words[@]}-1]}
  # The words are handed over as they are meant, without backslashes.
  words=("\${words[@]//\\\\/}")
  local head=\${current%"$part"}
  [[ $part == [:=] ]] && head=$current
  [[ $COMP_WORDBREAKS == *:* ]] || head=
  head=\${head//\\\\/}
  COMPREPLY=()
  while IFS= read -r answer; do
    candidate=\${answer%%$'\\t'*}
    [[ $candidate == *[/:=] ]] && compopt -o nospace 2>/dev/null
    candidate=\${candidate#"$head"}
    if [[ $candidate == '~'* ]]; then
      COMPREPLY+=("~$(printf %q "\${candidate#\\~}")")
    else
      COMPREPLY+=("$(printf %q "$candidate")")
    fi
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o nosort -F _sessreap sessreap 2>/dev/null || complete -F _sessreap sessreap
`;

const zsh = `#compdef sessreap
# zsh completion of sessreap; made by scripts/generate.mjs
_sessreap() {
  local answer word meaning
  local -a closed open
  while IFS= read -r answer; do
    word=\${answer%%$'\\t'*}
    meaning=\${answer#*$'\\t'}
    if [[ $word == *[/:=] ]]; then
      open+=("$word")
    else
      closed+=("\${word//:/\\\\:}:$meaning")
    fi
  done < <("\${(Q)words[1]/#\\~/$HOME}" __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( \${#closed} )) && _describe -t sessreap sessreap closed
  (( \${#open} )) && compadd -S '' -a open
  (( \${#closed} + \${#open} ))
}
if [[ \${funcstack[1]} == _sessreap ]]; then
  _sessreap "$@"
else
  compdef _sessreap sessreap
fi
`;

const fish = `# fish completion of sessreap; made by scripts/generate.mjs
function __sessreap_complete
  set -l before (commandline -opc)
  # Quotes may be open, and are no part of the word.
  set -l current (commandline -ct | string replace -ra "['\\"\\\\\\\\]" '')
  command $before[1] __complete -- $before[2..-1] "$current" 2>/dev/null
end
complete -c sessreap -f -a '(__sessreap_complete)'
`;

export const completionScripts = { bash, zsh, fish } as const;

export type Shell = keyof typeof completionScripts;
