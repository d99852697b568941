import type { Claim } from "../claim.ts";
import type {
  BoundValue,
  EpisodeSample,
  EvidenceRecord,
  LedgerComparison,
  PredicateObservation,
  SampleBlocks,
  SampleMeans,
  SampleTally,
  WindowSample,
} from "../evidence/record.ts";
import { roleProblem } from "../evidence/role.ts";
import { formatDuration } from "../figure.ts";
import { decides, isEvidenceKind, isProtocolKind } from "./evidence-kinds.ts";
import type { Judged } from "./join.ts";
import { isReasonOf } from "./join.ts";
import { type ProtocolStep, readStep, selfComparison } from "./protocol.ts";
import { readEpisodes, readLedger, readWindow } from "./read-kinds.ts";
import { readBlocks, readMeans } from "./read-series.ts";
import { type Data, isCount, readBoundValue, readObservation, readTally } from "./read-data.ts";

/** Imported evidence older than this at the end of the run is stale, where the plan says nothing. */
export const importedAgeMaxMs = 24 * 3_600_000;
/** So far the clock of another machine may be ahead of ours. */
const clockSkewMaxMs = 5 * 60_000;

type Seen<T> = { readonly seq: number; readonly value: T };

/** All evidence of one part of one claim, in order of seq. */
export interface PartEvidence {
  readonly part: string;
  closedSeq: number | null;
  readonly tallies: Seen<Omit<SampleTally, "stream" | "part">>[];
  readonly observations: Seen<Omit<PredicateObservation, "stream" | "part">>[];
  readonly values: Seen<Omit<BoundValue, "stream" | "part">>[];
  readonly items: Seen<{ readonly item: string; readonly observed: boolean }>[];
  readonly means: Seen<Omit<SampleMeans, "stream" | "part">>[];
  readonly blocks: Seen<Omit<SampleBlocks, "stream" | "part">>[];
  readonly ledgers: Seen<Omit<LedgerComparison, "stream" | "part">>[];
  readonly episodes: Seen<Omit<EpisodeSample, "stream" | "part">>[];
  readonly windows: Seen<Omit<WindowSample, "stream" | "part">>[];
  /** That a fault took effect, that a restore had to happen. */
  readonly steps: ProtocolStep[];
  /** Decides the draws of a bootstrap: plan digest, claim and part. */
  readonly key: string;
  /** Skips, check errors, late and malformed records: joined with the verdict of the evidence. */
  readonly notes: (Judged & { readonly seq: number; readonly attempt?: number })[];
  /** Why records that exist support nothing. */
  unsupported: (Judged & { readonly seq: number }) | null;
}

export interface RunFacts {
  readonly endedAt: string;
  /** seq of `run.closed`; evidence after it is refused. */
  readonly closedSeq: number | null;
  readonly planDigest: string;
  /** The plan's own age limit of imported evidence, ms. */
  readonly maxAgeMs?: number;
}

function emptyPart(part: string, key: string): PartEvidence {
  return {
    part,
    key,
    means: [],
    blocks: [],
    ledgers: [],
    episodes: [],
    windows: [],
    steps: [],
    closedSeq: null,
    tallies: [],
    observations: [],
    values: [],
    items: [],
    notes: [],
    unsupported: null,
  };
}

/** Null when the record supports the claim, else why not. */
function refuseSupport(record: EvidenceRecord, claim: Claim, facts: RunFacts): Judged | null {
  if (record.provenance === "measured") return null;
  if (record.provenance !== "imported") {
    const sentence = `Only ${record.provenance} figures exist; they support nothing.`;
    return { verdict: "not_tested", reason: "not_run", sentence };
  }
  const from = record.data["importedFrom"];
  if (claim.accept !== "imported" || typeof from !== "string" || from === "") {
    const sentence = "Imported results exist, which this claim does not accept.";
    return { verdict: "inconclusive", reason: "foreign", sentence };
  }
  const measuredAt = record.data["measuredAt"];
  const at = typeof measuredAt === "string" ? Date.parse(measuredAt) : Number.NaN;
  const ageMs = Date.parse(facts.endedAt) - at;
  const maxAgeMs = facts.maxAgeMs ?? importedAgeMaxMs;
  if (ageMs <= maxAgeMs && ageMs >= -clockSkewMaxMs) return null;
  const age = facts.maxAgeMs === undefined ? "24 h" : formatDuration(maxAgeMs);
  const when = ageMs < 0 ? "dated after this run" : `older than ${age}, or without a time`;
  const sentence = `The results imported from ${from} are ${when}.`;
  return { verdict: "not_tested", reason: "stale", sentence };
}

/** Adds what was read; false when it was malformed. */
function keep<T>(list: Seen<T>[], seq: number, value: T | null): boolean {
  if (value !== null) list.push({ seq, value });
  return value !== null;
}

function readItem(data: Data): { readonly item: string; readonly observed: boolean } | null {
  const { item, observed } = data as Readonly<Record<"item" | "observed", unknown>>;
  if (typeof item !== "string" || typeof observed !== "boolean") return null;
  return { item, observed };
}

/** Adds one supporting record; false when its data is malformed. */
function addEvidence(into: PartEvidence, { kind, seq, data }: EvidenceRecord): boolean {
  switch (kind) {
    case "sample.tally":
      return keep(into.tallies, seq, readTally(data));
    case "observation":
      return keep(into.observations, seq, readObservation(data));
    case "value":
      return keep(into.values, seq, readBoundValue(data));
    case "sample.means":
      return keep(into.means, seq, readMeans(data));
    case "sample.blocks":
      return keep(into.blocks, seq, readBlocks(data));
    case "sample.episodes":
      return keep(into.episodes, seq, readEpisodes(data));
    case "sample.window":
      return keep(into.windows, seq, readWindow(data));
    case "ledger":
      return keep(into.ledgers, seq, readLedger(data));
    default:
      return keep(into.items, seq, readItem(data));
  }
}

function evidenceError(seq: number, sentence: string): Judged & { seq: number } {
  return { verdict: "error", reason: "evidence", sentence, seq };
}

function textOf(data: Data, fallback: string): string {
  const sentence = data["sentence"];
  return typeof sentence === "string" && sentence !== "" ? sentence : fallback;
}

function addNote(into: PartEvidence, record: EvidenceRecord): void {
  const { seq, data } = record;
  const given = data["reason"];
  if (record.kind === "skip") {
    const reason = isReasonOf("not_tested", given) ? given : "skipped";
    into.notes.push({ verdict: "not_tested", reason, sentence: textOf(data, "Skipped."), seq });
    return;
  }
  const reason = isReasonOf("error", given) ? given : "crashed";
  const sentence = textOf(data, "The check broke.");
  const attempt = data["attempt"];
  const tried = isCount(attempt) ? { attempt } : {};
  into.notes.push({ verdict: "error", reason, sentence, seq, ...tried });
}

function addStep(into: PartEvidence, record: EvidenceRecord, claim: Claim): void {
  const step = readStep(record, claim);
  if (typeof step === "string") into.notes.push(evidenceError(record.seq, step));
  else into.steps.push(step);
}

/** Two sides that are one show nothing, whatever they say of each other. */
function refuseSelf(into: PartEvidence, claim: Claim): void {
  for (const { seq, value } of into.ledgers) {
    const problem = selfComparison(claim, value);
    if (problem !== null) into.notes.push(evidenceError(seq, problem));
  }
}

function addRecord(into: PartEvidence, record: EvidenceRecord, o: GatherOptions): void {
  const { claim, facts } = o;
  if (record.kind === "skip" || record.kind === "check.error") return addNote(into, record);
  if (record.kind === "sample.closed") {
    into.closedSeq ??= record.seq;
    return;
  }
  const late = Math.min(into.closedSeq ?? Infinity, facts.closedSeq ?? Infinity);
  if (record.seq > late) {
    into.notes.push(evidenceError(record.seq, "Evidence was added after its sample was closed."));
    return;
  }
  if (isProtocolKind(record.kind)) return addStep(into, record, claim);
  const role = roleProblem(record, claim);
  if (role !== null) {
    into.notes.push(evidenceError(record.seq, role));
    return;
  }
  const refused = refuseSupport(record, claim, facts);
  if (refused) {
    into.unsupported ??= { ...refused, seq: record.seq };
    return;
  }
  if (!decides(claim.kind, record.kind)) {
    const sentence = `A ${record.kind} record decides no claim of the kind ${claim.kind}.`;
    into.notes.push(evidenceError(record.seq, sentence));
  } else if (!addEvidence(into, record)) {
    into.notes.push(evidenceError(record.seq, `A ${record.kind} record has malformed data.`));
  }
}

interface GatherOptions {
  readonly claim: Claim;
  readonly facts: RunFacts;
}

export interface Gathered {
  readonly parts: readonly PartEvidence[];
  /** Evidence for parts that were never declared. */
  readonly strays: readonly (Judged & { readonly seq: number })[];
}

/** Whether a record is about this claim: it names the claim, and its stream where it has one. */
function concerns(record: EvidenceRecord, claim: Claim): boolean {
  const named = record.claims.includes(claim.id);
  const stream = record.data["stream"];
  if (record.kind === "sample.closed") {
    return stream === claim.of && (named || record.claims.length === 0);
  }
  if (record.kind === "skip" || record.kind === "check.error") return named;
  const isSupport = isEvidenceKind(record.kind) || isProtocolKind(record.kind);
  return isSupport && named && stream === claim.of;
}

/** Sorts the records (already in order of seq) of one claim into its declared parts. */
export function gatherClaim(
  claim: Claim,
  records: readonly EvidenceRecord[],
  facts: RunFacts,
): Gathered {
  const parts = new Map(
    claim.parts.map((part) => [part, emptyPart(part, `${facts.planDigest} ${claim.id} ${part}`)]),
  );
  const strays: (Judged & { seq: number })[] = [];
  for (const record of records) {
    if (!concerns(record, claim)) continue;
    const named = record.data["part"];
    const isNote = record.kind === "skip" || record.kind === "check.error";
    const own = typeof named === "string" ? parts.get(named) : undefined;
    // A skip or an error of a part that nobody declared is one of the whole claim: none vanishes.
    const isWhole = own === undefined && (isNote || (named === undefined && parts.size === 1));
    const into = isWhole ? [...parts.values()] : [own];
    for (const part of into) {
      if (part) addRecord(part, record, { claim, facts });
      else if (isEvidenceKind(record.kind)) {
        strays.push(evidenceError(record.seq, `The part ${String(named)} was never declared.`));
      }
    }
  }
  for (const part of parts.values()) refuseSelf(part, claim);
  return { parts: [...parts.values()], strays };
}
