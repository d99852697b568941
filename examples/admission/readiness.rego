# Input: the decoded payload of attestations/readiness.dsse.json, after its signature was checked.
# opa eval -d readiness.rego -i statement.json 'data.loadline.admission.allow'
package loadline.admission

import rego.v1

default allow := false

allow if count(deny) == 0

# A key that is not there is undefined, and an undefined rule denies nothing: hence object.get.
deny contains "not a readiness statement" if {
	object.get(input, "predicateType", "absent") != "urn:loadline:attestation:readiness/v1"
}

deny contains sprintf("the outcome is %v", [object.get(input, ["predicate", "outcome"], "absent")]) if {
	object.get(input, ["predicate", "outcome"], "absent") != "READY"
}

# Never trust the outcome alone: every required claim is passed or openly accepted.
deny contains sprintf("%v is %v", [claim.id, claim.verdict]) if {
	some claim in input.predicate.claims
	claim.required
	claim.verdict != "passed"
	not claim.disposition
}

deny contains "the statement lists no required claim" if {
	claims := object.get(input, ["predicate", "claims"], [])
	count([claim | some claim in claims; claim.required]) == 0
}

deny contains "the statement names no chain head" if {
	not has_chain_head
}

has_chain_head if {
	some subject in input.subject
	subject.name == "chain-head"
	count(subject.digest.sha256) == 64
}

# A waiver that ended since the run is no longer an acceptance.
deny contains sprintf("the waiver of %v ended %v", [waiver.claim, waiver.expires]) if {
	some waiver in object.get(input, ["predicate", "waivers", "applied"], [])
	time.parse_ns("2006-01-02", waiver.expires) + (24 * 3600 * 1000000000) < time.now_ns()
}
