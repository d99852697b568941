import type { ClaimKind } from "../claim.ts";
import type { RecordKind } from "../evidence/record.ts";

/** What decides a claim of each kind. Evidence of another kind is a mistake, never left aside. */
const decidedBy: ReadonlyMap<string, readonly RecordKind[]> = new Map(
  Object.entries({
    predicate: ["observation"],
    proportion: ["sample.tally", "observation"],
    // An observation has no latency, so it says nothing of one.
    quantile: ["sample.tally"],
    trials: ["observation", "sample.tally"],
    bound: ["value"],
    coverage: ["item"],
    mean: ["sample.means"],
    comparison: ["sample.blocks"],
    zero_loss: ["ledger"],
    time_availability: ["sample.episodes"],
    window_slo: ["sample.window"],
  } satisfies Record<ClaimKind, readonly RecordKind[]>),
);

const evidenceKinds: ReadonlySet<RecordKind> = new Set([...decidedBy.values()].flat());

/** Whether records of this kind are evidence for claims at all. */
export function isEvidenceKind(kind: RecordKind): boolean {
  return evidenceKinds.has(kind);
}

const protocolKinds: ReadonlySet<RecordKind> = new Set([
  "fault.effect",
  "source.destroyed",
  "target.empty",
]);

/** Whether records of this kind show that a drill or a fault happened at all. */
export function isProtocolKind(kind: RecordKind): boolean {
  return protocolKinds.has(kind);
}

/** Whether a record of `kind` says something about a claim of `claim`; of unknown kinds all do. */
export function decides(claim: string, kind: RecordKind): boolean {
  return decidedBy.get(claim)?.includes(kind) ?? true;
}
