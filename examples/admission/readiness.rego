# Input: the decoded payload of attestations/readiness.dsse.json, after its signature was checked.
# data.expect: target = SHA-256 of the target's name as the report prints it, maxAgeHours = how old the
# run may be, 24 when it is absent.
# opa eval -d readiness.rego -d expect.json -i statement.json 'data.loadline.admission.allow'
package loadline.admission

import rego.v1

hour_ns := 3600 * 1000000000

default allow := false

allow if count(deny) == 0

# A key that is not there is undefined, and an undefined rule denies nothing: hence object.get.
deny contains "not an in-toto statement" if {
	object.get(input, "_type", "absent") != "https://in-toto.io/Statement/v1"
}

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
	not is_accepted(claim)
}

# What a claim says of itself accepts nothing: a waiver of the statement has to name it.
is_accepted(claim) if {
	claim.disposition in {"waived", "not_applicable"}
	some waiver in input.predicate.waivers.applied
	waiver.claim == claim.id
	waiver.disposition == claim.disposition
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

# A statement about another target, or nobody said which target this is about to be.
deny contains "the statement is not about the expected target" if {
	not is_about_target
}

is_about_target if {
	some subject in input.subject
	subject.name == "target"
	subject.digest.sha256 == data.expect.target
}

deny contains sprintf("the run ended %v", [object.get(input, ["predicate", "endedAt"], "at no time")]) if {
	not is_fresh
}

default max_age_hours := 24

max_age_hours := data.expect.maxAgeHours

is_fresh if {
	age := time.now_ns() - time.parse_rfc3339_ns(input.predicate.endedAt)
	age <= max_age_hours * hour_ns

	# A clock may be five minutes off; a run of tomorrow is none.
	age >= ((0 - 5) * hour_ns) / 60
}

# A waiver that ended since the run is no longer an acceptance, nor is one whose end cannot be read.
deny contains sprintf("the waiver of %v ended %v", [object.get(waiver, "claim", "a claim"), expires]) if {
	some waiver in object.get(input, ["predicate", "waivers", "applied"], [])
	object.get(waiver, "disposition", "absent") != "not_applicable"
	expires := object.get(waiver, "expires", "absent")
	not still_holds(expires)
}

still_holds(expires) if time.parse_ns("2006-01-02", expires) + (24 * hour_ns) >= time.now_ns()
