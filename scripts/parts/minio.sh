#!/bin/sh
# Builds minio from its Go module, pinned in scripts/parts/minio/, and prints the path of the binary.
# Needs go >= 1.26 and the Go module proxy; takes minutes the first time.
#
#   minio=$(scripts/parts/minio.sh)
#   MINIO_ROOT_USER=... MINIO_ROOT_PASSWORD=... "$minio" server DIR --address 127.0.0.1:PORT
#
# LOADLINE_PARTS: where parts live; default ${XDG_CACHE_HOME:-~/.cache}/loadline/parts.
# Running it again with the part in place only prints the path.
set -eu
parts=${LOADLINE_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/loadline/parts}
module=$(cd "$(dirname "$0")/minio" && pwd)
# A changed pin is another folder, so an old binary never poses as the new one.
digest=$(cat "$module/go.mod" "$module/go.sum" | sha256sum | cut -c1-12)
dir=$parts/minio-$digest
run=$parts/minio

say() { printf '%s\n' "minio: $*" >&2; }
stop() { say "$1"; exit 1; }

command -v go >/dev/null || stop "go is missing: install Go 1.26 or newer"
mkdir -p "$parts" "$dir"
# One installer at a time; a second one waits and finds the part in place.
exec 9>"$parts/minio.lock"
flock 9

if [ ! -x "$dir/minio" ]; then
  say "building into $dir"
  # -p 1: one compiler at a time, so that the machine stays usable.
  (cd "$module" && GOFLAGS=-mod=readonly GOTOOLCHAIN=local CGO_ENABLED=0 \
    nice go build -p 1 -trimpath -o "$dir/minio.new" github.com/minio/minio) >"$parts/minio.log" 2>&1 ||
    stop "go build failed, see $parts/minio.log"
  mv "$dir/minio.new" "$dir/minio"
fi
ln -sfn "minio-$digest/minio" "$run"
printf '%s\n' "$run"
