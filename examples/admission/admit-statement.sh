#!/bin/sh
# Admits a deployment by its signed statement alone, with nothing of Loadline installed: openssl checks
# the signature, OPA and readiness.rego the content. TARGET is the target as the report prints it.
# The evidence is not recomputed here; admit.sh does that.
# exit 0 admitted, 1 refused, 64 usage.
set -eu
[ $# -eq 3 ] || { echo "usage: admit-statement.sh ENVELOPE PUBLIC_KEY TARGET" >&2; exit 64; }
envelope=$1
key=$2
opa=${OPA:-opa}
policy=$(dirname "$0")/readiness.rego
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

refuse() {
  echo "refused: $1" >&2
  exit 1
}

# field QUERY: one text of the envelope.
field() {
  "$opa" eval --fail --format raw --stdin-input "$1" <"$envelope" 2>"$work/error" ||
    refuse "the envelope has no $1"
}

type=$(field input.payloadType)
[ "$type" = application/vnd.in-toto+json ] || refuse "the envelope holds $type"
field input.payload | base64 -d >"$work/statement.json" || refuse "the payload is no base64"

# The key that may sign is the one given; what it is called in the envelope only finds its signature.
id=$(openssl pkey -pubin -in "$key" -outform der | sha256sum | cut -c1-64)
field "[one.sig | some one in input.signatures; one.keyid == \"$id\"][0]" | base64 -d >"$work/sig" ||
  refuse "the signature is no base64"

# DSSE signs the type and the length with the content.
size=$(wc -c <"$work/statement.json" | tr -d ' ')
{
  printf 'DSSEv1 %s %s %s ' "${#type}" "$type" "$size"
  cat "$work/statement.json"
} >"$work/signed"
openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$work/signed" -sigfile "$work/sig" \
  >/dev/null 2>&1 || refuse "the signature is not of this key over this statement"

target=$(printf '%s' "$3" | sha256sum | cut -c1-64)
printf '{"expect":{"target":"%s","maxAgeHours":%s}}' "$target" "${MAX_AGE_HOURS:-24}" \
  >"$work/expect.json"
denied=$("$opa" eval --fail --format raw --data "$policy" --data "$work/expect.json" \
  --input "$work/statement.json" 'concat("; ", data.loadline.admission.deny)') ||
  refuse "the policy could not be evaluated"
[ -z "$denied" ] || refuse "$denied"
allowed=$("$opa" eval --format raw --data "$policy" --data "$work/expect.json" \
  --input "$work/statement.json" data.loadline.admission.allow)
[ "$allowed" = true ] || refuse "the policy does not allow it"
echo "admitted: READY, signed"
