#!/bin/sh
# Installs LiteLLM's proxy of one version into a virtual environment of its own and prints the path
# of its command: a peer of bench/gateway. About 100 s and 750 MB; npm test never runs it.
#
#   litellm=$(scripts/parts/litellm.sh)
#   LITELLM_LOCAL_MODEL_COST_MAP=True "$litellm" --config f.yaml --host 127.0.0.1 --port P --num_workers 1
set -eu
# Never 1.82.7 nor 1.82.8, which carried somebody else's code.
version=1.106.2
name=litellm
. "$(dirname "$0")/install.sh"
install_pip "$version" "litellm[proxy]==$version"
