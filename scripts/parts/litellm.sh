#!/bin/sh
# Installs LiteLLM's proxy of one version into a virtual environment of its own and prints the path
# of its command: a peer of bench/gateway. About 100 s and 750 MB; npm test never runs it.
#
#   litellm=$(scripts/parts/litellm.sh)
#   LITELLM_LOCAL_MODEL_COST_MAP=True "$litellm" --config f.yaml --host 127.0.0.1 --port P --num_workers 1
#
# LOADLINE_PARTS: where parts live; default ${XDG_CACHE_HOME:-~/.cache}/loadline/parts.
set -eu
# Never 1.82.7 nor 1.82.8, which carried somebody else's code.
version=1.106.2
parts=${LOADLINE_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/loadline/parts}
folder=$parts/litellm-$version
log=$parts/litellm.log

say() { printf '%s\n' "litellm: $*" >&2; }
stop() { say "$1"; exit 1; }

command -v python3 >/dev/null || stop "python3 is missing: apt-get install python3 python3-venv"
mkdir -p "$parts"
# One installer at a time; a second one waits and finds the part in place.
exec 9>"$parts/litellm.lock"
flock 9
if [ ! -e "$folder/.complete" ]; then
  say "installing litellm[proxy]==$version into $folder"
  rm -rf --one-file-system "$folder"
  python3 -m venv "$folder" >"$log" 2>&1 || stop "no virtual environment, see $log"
  "$folder/bin/pip" install --disable-pip-version-check "litellm[proxy]==$version" >>"$log" 2>&1 ||
    stop "pip failed, see $log"
  : >"$folder/.complete"
fi
[ -x "$folder/bin/litellm" ] || stop "the package came without its command"
printf '%s\n' "$folder/bin/litellm"
