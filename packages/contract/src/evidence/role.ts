/** Who may be believed about what: a record's role is the first word of the id of who made it. */
import type { Claim } from "../claim.ts";
import { isEvidenceKind, isProtocolKind } from "../fold/evidence-kinds.ts";
import type { EvidenceRecord } from "./record.ts";

/** Roles that ask the target itself, through its own sockets; what others measure supports nothing. */
export const observerRoles = ["probe", "stack", "load", "audit", "drill", "prober"] as const;
/** The one role that may say when something was back: it shares no code with who broke it. */
export const recoveryRole = "prober";

const selftestRole = "selftest";
const observers: ReadonlySet<string> = new Set(observerRoles);
const recoveryKinds: ReadonlySet<string> = new Set(["bound", "trials", "time_availability"]);
const recoveryStream = /^(chaos\..+|drill\.(.+\.)?(rto|recovery))$/;

/** `probe.openai.chat` observes as `probe`. */
export function roleOf({ by }: Pick<EvidenceRecord, "by">): string {
  return by.id.split(".")[0] ?? "";
}

/** Whether a claim says how soon, or how often, something came back. */
export function isRecovery({ of, kind }: Pick<Claim, "of" | "kind">): boolean {
  return recoveryKinds.has(kind) && recoveryStream.test(of);
}

const codeText = "LL_EVIDENCE_ROLE";

/**
 * Why a record may not support a claim; null when it may. What is imported needs no role, but no
 * tool's word and no target's own tells a recovery. What is declared or derived supports nothing anyway.
 */
export function roleProblem(
  record: Pick<EvidenceRecord, "by" | "provenance">,
  claim: Pick<Claim, "of" | "kind">,
): string | null {
  const { provenance, by } = record;
  if (provenance !== "measured" && provenance !== "imported") return null;
  const role = roleOf(record);
  if (isRecovery(claim)) {
    if (role === recoveryRole && provenance === "measured") return null;
    return `${codeText}: ${by.id} may not say when something recovered; only a prober may.`;
  }
  // The target of a selftest is a check of ours.
  const isOwnCheck = role === selftestRole && claim.of.startsWith(`${selftestRole}.`);
  if (provenance === "imported" || observers.has(role) || isOwnCheck) return null;
  return `${codeText}: ${by.id} does not observe the target through its sockets.`;
}

/** The same of a step of a fault or a drill: any observer may say that it took effect. */
export function stepProblem(
  record: Pick<EvidenceRecord, "by" | "provenance">,
  { of }: Pick<Claim, "of">,
): string | null {
  return roleProblem(record, { of, kind: "predicate" });
}

/** The first record that names a claim which its role may not support; null without one. */
export function findRoleProblem(
  claims: readonly Claim[],
  records: readonly EvidenceRecord[],
): { readonly seq: number; readonly sentence: string } | null {
  const byId = new Map(claims.map((claim) => [claim.id, claim]));
  for (const record of records) {
    const isStep = isProtocolKind(record.kind);
    if (!isStep && !isEvidenceKind(record.kind)) continue;
    for (const id of record.claims) {
      const claim = byId.get(id);
      if (claim?.of !== record.data["stream"]) continue;
      const why = isStep ? stepProblem : roleProblem;
      const sentence = claim === undefined ? null : why(record, claim);
      if (sentence !== null) return { seq: record.seq, sentence };
    }
  }
  return null;
}
