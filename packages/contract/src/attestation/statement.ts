/** What a signer states about a bundle, as in-toto statements. */
import { canonicalJson } from "../evidence/canonical-json.ts";
import { toBytes } from "../evidence/digest.ts";
import { type ProjectedRow, projectedRows } from "../demand-rows.ts";
import { projectVerdict } from "../projection.ts";
import type { VerdictDocument } from "../report-model.ts";

export const statementType = "https://in-toto.io/Statement/v1";
export const predicateTypes = {
  readiness: "urn:loadline:attestation:readiness/v1",
  testResult: "https://in-toto.io/attestation/test-result/v0.1",
  svr: "https://in-toto.io/attestation/svr/v0.2",
  approval: "urn:loadline:attestation:approval/v1",
} as const;

export interface Subject {
  readonly name: "target" | "plan" | "chain-head";
  readonly digest: { readonly sha256: string };
}

export interface Statement {
  readonly _type: typeof statementType;
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: Readonly<Record<string, unknown>>;
}

/** What the digest of the target is taken over: its name and address as the run recorded them. */
export function targetBytes(document: Pick<VerdictDocument, "target">): Uint8Array {
  return toBytes(document.target);
}

/** What a statement is about: the target, the plan and the head of the evidence chain. */
function subjectsOf(
  document: Pick<VerdictDocument, "planDigest" | "chainHead">,
  targetDigest: string,
): readonly Subject[] {
  return [
    { name: "target", digest: { sha256: targetDigest } },
    { name: "plan", digest: { sha256: document.planDigest } },
    { name: "chain-head", digest: { sha256: document.chainHead } },
  ];
}

/** A statement about a verdict; `targetDigest` is the digest of `targetBytes`. */
export function makeStatement(
  document: Pick<VerdictDocument, "planDigest" | "chainHead">,
  targetDigest: string,
  said: Pick<Statement, "predicateType" | "predicate">,
): Statement {
  return { _type: statementType, subject: subjectsOf(document, targetDigest), ...said };
}

function readiness(document: VerdictDocument): Statement["predicate"] {
  const { run, outcome, profile, startedAt, endedAt, counts, coverage, foldVersion } = document;
  const claims = document.claims.map((claim) => ({
    id: claim.id,
    required: claim.required,
    verdict: claim.verdict,
    ...(claim.reason !== undefined && { reason: claim.reason }),
    ...(claim.disposition !== undefined && { disposition: claim.disposition }),
  }));
  const waivers = document.waivers === undefined ? {} : { waivers: document.waivers };
  const { limits, identity, use, gates } = document;
  const times = { startedAt, endedAt };
  return {
    run,
    outcome,
    profile,
    ...times,
    foldVersion,
    counts,
    coverage,
    claims,
    ...waivers,
    ...(identity !== undefined && { identity }),
    ...(use !== undefined && { use: { use: use.use, outcome: use.outcome } }),
    ...(gates !== undefined && { gates: gates.map(({ id, verdict }) => ({ id, verdict })) }),
    limits,
  };
}

const rowOf = (claim: ProjectedRow) => projectVerdict(claim.verdict, claim.disposition);

function testResult(document: VerdictDocument): Statement["predicate"] {
  const rows = projectedRows(document);
  const of = (list: string): string[] =>
    rows.filter((row) => rowOf(row).testResult === list).map(({ id }) => id);
  const required = document.claims.filter((claim) => claim.required);
  const isFailed = required.some((claim) => rowOf(claim).checkRun === "failure");
  const isWarned = document.claims.some((claim) => rowOf(claim).testResult === "warnedTests");
  const unready = document.outcome === "READY" ? null : "FAILED";
  const result = isFailed ? "FAILED" : (unready ?? (isWarned ? "WARNED" : "PASSED"));
  return {
    result,
    configuration: [{ name: "plan.json", digest: { sha256: document.planDigest } }],
    passedTests: of("passedTests"),
    warnedTests: of("warnedTests"),
    failedTests: of("failedTests"),
  };
}

/** Properties are only what is proven; everything else is absent. */
function summary(document: VerdictDocument, verifier: string): Statement["predicate"] {
  const proven = document.claims.filter((claim) => rowOf(claim).svr).map(({ id }) => id);
  const whole = document.outcome === "READY" ? ["LOADLINE_READY"] : [];
  return {
    verifier: { id: verifier },
    timeCreated: document.endedAt,
    properties: [...whole, ...proven.map((id) => `LOADLINE_PASSED_${id}`)],
  };
}

export const statementNames = ["readiness", "testResult", "svr"] as const;
export type StatementName = (typeof statementNames)[number];

/** The three statements about a verdict. Pure: equal documents give equal bytes. */
export function makeStatements(
  document: VerdictDocument,
  targetDigest: string,
): Readonly<Record<StatementName, Statement>> {
  const make = (name: StatementName, predicate: Statement["predicate"]): Statement =>
    makeStatement(document, targetDigest, { predicateType: predicateTypes[name], predicate });
  return {
    readiness: make("readiness", readiness(document)),
    testResult: make("testResult", testResult(document)),
    svr: make("svr", summary(document, "urn:loadline:verifier")),
  };
}

/** The exact bytes that are signed. */
export function statementBytes(statement: Statement): Uint8Array {
  return toBytes(canonicalJson(statement));
}

/** The sign-off of a person who read the verdict. */
export interface Approval {
  readonly by: string;
  readonly role: string;
  readonly reason: string;
  /** UTC. */
  readonly at: string;
}

/** The sign-off record, bound to one bundle and to what was accepted in it. */
export function makeApproval(
  document: VerdictDocument,
  targetDigest: string,
  approval: Approval,
): Statement {
  const accepted = document.waivers?.applied.map(({ claim }) => claim) ?? [];
  const { run, outcome } = document;
  const predicate = { ...approval, run, outcome, acceptedWaivers: accepted };
  return makeStatement(document, targetDigest, {
    predicateType: predicateTypes.approval,
    predicate,
  });
}
