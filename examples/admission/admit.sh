#!/bin/sh
# Admits a deployment only with a bundle that verifies, is signed by a key we trust, is READY, and is
# not older than MAX_AGE_HOURS. BUNDLE is the folder of a run.
# exit 0 admitted, 1 refused, 64 usage.
set -eu
[ $# -eq 2 ] || { echo "usage: admit.sh BUNDLE PUBLIC_KEY[,PUBLIC_KEY]" >&2; exit 64; }
bundle=$1
keys=$2
loadline=${LOADLINE:-npx loadline}
hours=${MAX_AGE_HOURS:-24}

refuse() {
  echo "refused: $1" >&2
  exit 1
}

# Recomputes every verdict from the evidence; 2 = not signed by one of the keys.
checked=$($loadline verify "$bundle" --keys "$keys" --require-signature --json) ||
  refuse "verify says exit $?"
echo "$checked" | grep -q '^  "outcome": "READY"' || refuse "the outcome is not READY"

ended=$(sed -n 's/.*"endedAt":"\([^"]*\)".*/\1/p' "$bundle/verdict.json")
[ -n "$ended" ] || refuse "the run has no end"
age=$((($(date -u +%s) - $(date -u -d "$ended" +%s)) / 3600))
[ "$age" -le "$hours" ] || refuse "the run is $age hours old, at most $hours are accepted"
echo "admitted: READY, signed, $age hours old"
