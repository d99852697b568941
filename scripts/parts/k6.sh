#!/bin/sh
# Builds k6 from its Go module, pinned in scripts/parts/k6/, and prints the path of the binary.
#
#   k6=$(scripts/parts/k6.sh)
#   "$k6" run --no-usage-report script.js
set -eu
name=k6
. "$(dirname "$0")/install.sh"
build_go go.k6.io/k6/v2
