# fish completion of sessreap; made by scripts/generate.mjs
function __sessreap_complete
  set -l before (commandline -opc)
  # Quotes may be open, and are no part of the word.
  set -l current (commandline -ct | string replace -ra "['\"\\\\]" '')
  command $before[1] __complete -- $before[2..-1] "$current" 2>/dev/null
end
complete -c sessreap -f -a '(__sessreap_complete)'
