#!/bin/sh
# Installs Locust into a virtual environment of its own and prints the path of its command.
# Needs python3 with venv and the Python package index.
#
#   locust=$(scripts/parts/locust.sh)
#   "$locust" -f file.py --headless -u 10 -r 10 -t 10s --host http://127.0.0.1:PORT
#
# LOADLINE_PARTS: where parts live; default ${XDG_CACHE_HOME:-~/.cache}/loadline/parts.
# Running it again with the part in place only prints the path.
set -eu
version=2.47.0
parts=${LOADLINE_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/loadline/parts}
dir=$parts/locust-$version
run=$parts/locust

say() { printf '%s\n' "locust: $*" >&2; }
stop() { say "$1"; exit 1; }

command -v python3 >/dev/null || stop "python3 is missing: install Python 3.10 or newer"
mkdir -p "$parts"
# One installer at a time; a second one waits and finds the part in place.
exec 9>"$parts/locust.lock"
flock 9

if [ ! -e "$dir/.installed" ]; then
  say "installing into $dir"
  rm -rf "$dir"
  {
    python3 -m venv "$dir" &&
      nice "$dir/bin/python" -m pip install --disable-pip-version-check --no-input \
        --quiet "locust==$version"
  } >"$parts/locust.log" 2>&1 || stop "pip failed, see $parts/locust.log"
  : >"$dir/.installed"
fi
ln -sfn "locust-$version/bin/locust" "$run"
printf '%s\n' "$run"
