#!/bin/sh
# Builds Jaeger from its Go module, pinned in scripts/parts/jaeger/, and prints the path of the binary.
# Minutes of CPU where nothing of it is built yet: the CI does not fetch it.
#
#   jaeger=$(scripts/parts/jaeger.sh)
#   "$jaeger" --config FILE.yaml
set -eu
name=jaeger
. "$(dirname "$0")/install.sh"
build_go github.com/jaegertracing/jaeger/cmd/jaeger
