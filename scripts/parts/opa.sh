#!/bin/sh
# Builds the Open Policy Agent from its Go module, pinned in scripts/parts/opa/, and prints the path of
# the binary.
#
#   opa=$(scripts/parts/opa.sh)
#   "$opa" eval -d examples/admission/readiness.rego 'data.loadline.admission.allow'
set -eu
name=opa
. "$(dirname "$0")/install.sh"
build_go github.com/open-policy-agent/opa
