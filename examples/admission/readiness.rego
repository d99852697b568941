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
deny contains sprintf("%v is %v", [object.get(claim, "id", "a claim"), verdict]) if {
	some claim in input.predicate.claims
	claim.required
	verdict := object.get(claim, "verdict", "absent")
	verdict != "passed"
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

# A waiver that ended since the run is no longer an acceptance, nor is one whose end cannot be read.
deny contains sprintf("the waiver of %v ended %v", [object.get(waiver, "claim", "a claim"), expires]) if {
	some waiver in object.get(input, ["predicate", "waivers", "applied"], [])
	object.get(waiver, "disposition", "absent") != "not_applicable"
	expires := object.get(waiver, "expires", "absent")
	not still_holds(expires)
}

still_holds(expires) if time.parse_ns("2006-01-02", expires) + (24 * 3600 * 1000000000) >= time.now_ns()
