#!/bin/sh
# Builds k6 from its Go module, pinned in scripts/parts/k6/, and prints the path of the binary.
# Needs go >= 1.26 and the Go module proxy; takes minutes the first time.
#
#   k6=$(scripts/parts/k6.sh)
#   "$k6" run --no-usage-report script.js
#
# LOADLINE_PARTS: where parts live; default ${XDG_CACHE_HOME:-~/.cache}/loadline/parts.
# Running it again with the part in place only prints the path.
set -eu
parts=${LOADLINE_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/loadline/parts}
module=$(cd "$(dirname "$0")/k6" && pwd)
# A changed pin is another folder, so an old binary never poses as the new one.
digest=$(cat "$module/go.mod" "$module/go.sum" | sha256sum | cut -c1-12)
dir=$parts/k6-$digest
run=$parts/k6

say() { printf '%s\n' "k6: $*" >&2; }
stop() { say "$1"; exit 1; }

command -v go >/dev/null || stop "go is missing: install Go 1.26 or newer"
mkdir -p "$parts" "$dir"
# One installer at a time; a second one waits and finds the part in place.
exec 9>"$parts/k6.lock"
flock 9

if [ ! -x "$dir/k6" ]; then
  say "building into $dir"
  # -p 1: one compiler at a time, so that the machine stays usable.
  (cd "$module" && GOFLAGS=-mod=readonly GOTOOLCHAIN=local CGO_ENABLED=0 \
    nice go build -p 1 -trimpath -o "$dir/k6.new" go.k6.io/k6/v2) >"$parts/k6.log" 2>&1 ||
    stop "go build failed, see $parts/k6.log"
  mv "$dir/k6.new" "$dir/k6"
fi
ln -sfn "k6-$digest/k6" "$run"
printf '%s\n' "$run"
