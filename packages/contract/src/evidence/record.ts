import type { ClaimKind } from "../claim.ts";
import type { TimeSample } from "../statistics/episodes.ts";
import type { ReasonCode } from "../verdict.ts";

/** Where a figure comes from. Only `measured` (and named `imported`) supports a claim. */
export type Provenance = "measured" | "derived" | "declared" | "imported";

/**
 * One line of `evidence.jsonl`. `hash` = SHA-256(domain line || prev || canonical JSON without hash);
 * the first `prev` is the plan digest. `at` is UTC ISO 8601 with ms, `mono` ms since run start.
 */
export interface EvidenceRecord {
  readonly v: 1;
  readonly seq: number;
  readonly run: string;
  readonly at: string;
  readonly mono: number;
  readonly kind: RecordKind;
  readonly by: { readonly id: string; readonly version: string; readonly digest: string };
  /** Claim ids this record is evidence for. */
  readonly claims: readonly string[];
  readonly target: string;
  readonly provenance: Provenance;
  readonly data: RecordData;
  /** SHA-256 of artefacts it rests on. */
  readonly refs: readonly string[];
  readonly proves: readonly string[];
  readonly doesNotProve: readonly string[];
  readonly prev: string;
  readonly hash: string;
}

/** What a stage hands over; the writer adds v, seq, run, at, mono, prev and hash. */
export interface Observation {
  readonly kind: RecordKind;
  readonly by: EvidenceRecord["by"];
  readonly claims: readonly string[];
  readonly target: string;
  readonly provenance: Provenance;
  readonly data: RecordData;
  readonly refs?: readonly string[];
  readonly proves?: readonly string[];
  readonly doesNotProve?: readonly string[];
}

export type RecordData = Readonly<Record<string, unknown>>;

/**
 * The kinds and the shape of `data` the fold reads (further keys are free):
 *
 * | kind | data |
 * |---|---|
 * | `run.started` | `{ planDigest, toolVersion, node, cpus, platform, planFile?: { name, digest } }` |
 * | `stage.started` `stage.ended` | `{ stage }` |
 * | `observation` | {@link PredicateObservation}: predicate and trials, one attempt each |
 * | `sample.tally` | {@link SampleTally}: proportion and quantile; tallies of one part add up |
 * | `sample.closed` | `{ stream, part }`: the part's sample is whole; without it `not_tested(cancelled)` |
 * | `sample.means` | {@link SampleMeans}: mean; those of one part follow each other in time |
 * | `sample.blocks` | {@link SampleBlocks}: comparison; those of one part follow each other in time |
 * | `sample.episodes` | {@link EpisodeSample}: time_availability; those of one part add up |
 * | `sample.window` | {@link WindowSample}: window_slo, one window each |
 * | `ledger` | {@link LedgerComparison}: zero_loss, one comparison each |
 * | `value` | {@link BoundValue}: bound |
 * | `fault.effect` | `{ stream, part, seen: boolean }`: a canary saw the fault on its path; chaos |
 * | `source.destroyed` `target.empty` | `{ stream, part, seen: boolean }`: before a restore; drills |
 * | `item` | `{ stream, part, item, observed: boolean }`: coverage |
 * | `guard` | {@link GuardObservation} |
 * | `skip` | `{ part?, reason, sentence, remedy? }`: reason is a `not_tested` code |
 * | `check.error` | `{ part?, reason, sentence, attempt? }`: reason is an `error` code; with `attempt` |
 * |  | 1 or 2 (no byte reached the target) a later observation of the part takes its place |
 * | `load.slice` | {@link LoadSlice}, for charts; not read by the fold |
 * | `finding` | {@link Finding}; not read by the fold |
 * | `note` | free; `tool`, `load`, `late`, `earlier` of {@link Note} reach the report |
 * | `run.closed` | `{ reason: "done" | "cancelled" }` |
 */
export type RecordKind =
  | "run.started"
  | "stage.started"
  | "stage.ended"
  | "observation"
  | "sample.tally"
  | "sample.closed"
  | "sample.means"
  | "sample.blocks"
  | "sample.episodes"
  | "sample.window"
  | "ledger"
  | "value"
  | "fault.effect"
  | "source.destroyed"
  | "target.empty"
  | "item"
  | "guard"
  | "skip"
  | "check.error"
  | "load.slice"
  | "finding"
  | "note"
  | "run.closed";

export interface PredicateObservation {
  readonly stream: string;
  readonly part: string;
  readonly ok: boolean;
  /** What was seen, one sentence, for the reader. */
  readonly seen: string;
  /** 1-based attempt; every attempt counts, none replaces another. */
  readonly attempt?: number;
  /** Command that shows it again, as an argument list; secrets as `$NAME`. */
  readonly reproduce?: readonly string[];
}

export interface SampleTally {
  readonly stream: string;
  readonly part: string;
  /** All due events, good and bad. */
  readonly n: number;
  /** proportion: bad events. quantile: at or over the limit, or without a valid latency. */
  readonly bad: number;
  /** Events whose value could not be measured; counted both ways. */
  readonly undefined: number;
  /** `[n, bad]` per equal-time slice, in order of intended time, for the dispersion check. */
  readonly slices: readonly (readonly [number, number])[];
  /** Width of one slice in ms. */
  readonly sliceMs: number;
  /** quantile: the claim's limit in ms, and the order statistic seen at its quantile. */
  readonly limitMs?: number;
  readonly observedMs?: number;
  /** quantile: order statistic that bounds the quantile at the claim's confidence, when n allows. */
  readonly upperMs?: number;
  readonly maxMs?: number;
  /** Bad events by outcome class. */
  readonly badBy: Readonly<Record<string, number>>;
}

/** Sums over equal-time slices; the mean is the sum of sums by the sum of weights. */
export interface SampleMeans {
  readonly stream: string;
  readonly part: string;
  /** Unit of the mean, e.g. `ms` or `1/s`. */
  readonly unit: string;
  /** `[weight, sum]`: values and their sum, or seconds and events. */
  readonly slices: readonly (readonly [number, number])[];
}

/** The same figure of interleaved blocks: the baseline, the baseline again, the other. */
export interface SampleBlocks {
  readonly stream: string;
  readonly part: string;
  readonly unit: string;
  /** `[a, aAgain, b]`, each above 0. */
  readonly blocks: readonly (readonly [number, number, number])[];
}

/** What was seen of a service over time. */
export interface EpisodeSample extends TimeSample {
  readonly stream: string;
  readonly part: string;
}

/** Stored monitoring data of one window. */
export interface WindowSample {
  readonly stream: string;
  readonly part: string;
  /** Events of the window, as the counters give them. */
  readonly good: number;
  readonly total: number;
  /** Samples of both counters that are there, and how many there would be without a gap. */
  readonly present: number;
  readonly expected: number;
  readonly windowMs: number;
}

/** Ways in which an acknowledged write is not there as it was written. */
export const lossClasses = [
  "lost",
  "stale",
  "resurrected",
  "corrupt",
  "phantom",
  "duplicate",
] as const;
export type LossClass = (typeof lossClasses)[number];

/** Every acknowledged write of a ledger compared with what the store holds. */
export interface LedgerComparison {
  readonly stream: string;
  readonly part: string;
  /** Acknowledged writes that were compared. */
  readonly acked: number;
  /** The comparison reached the end of ledger and store. */
  readonly full: boolean;
  /** Writes of each class; a class that was not looked for is absent. */
  readonly classes: Readonly<Partial<Record<LossClass, number>>>;
  /** Whether a planted loss was seen by the same comparison. */
  readonly control: "caught" | "missed" | "none";
  /** drills: who read before and who after, two of their own. */
  readonly readers?: readonly string[];
  /** drills: the running instance that was written to, and the one read afterwards. */
  readonly instances?: readonly string[];
}

export interface BoundValue {
  readonly stream: string;
  readonly part: string;
  readonly lower: number;
  readonly upper: number;
  readonly resolution: number;
}

export interface GuardObservation {
  /** e.g. `guard.load.pacer` */
  readonly guard: string;
  readonly holds: boolean;
  readonly invalidates: "pass" | "fail" | "both";
  readonly kinds: readonly ClaimKind[];
  /** Streams it watches; `["*"]` all. */
  readonly streams: readonly string[];
  /** `inconclusive` reason it gives. */
  readonly reason: ReasonCode;
  /** One sentence with figures. */
  readonly seen: string;
  /** Somebody answers for the breach until the end of this day: it takes no verdict away. */
  readonly waived?: { readonly owner: string; readonly reason: string; readonly expires: string };
}

/** One time slice of one load scenario. */
export interface LoadSlice {
  readonly scenario: string;
  /** 0-based index of the slice. */
  readonly slice: number;
  readonly sliceMs: number;
  readonly due: number;
  readonly ok: number;
  readonly bad: number;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  readonly inFlight: number;
  /** Heat map column: `[upperEdgeMs, count]`. */
  readonly heat?: readonly (readonly [number, number])[];
}

/** Target text in it is raw and hostile: renderers escape it. */
export interface Finding {
  readonly fingerprint: string;
  readonly severity: "low" | "medium" | "high" | "critical";
  readonly title: string;
  readonly impact: string;
  readonly remedy: string;
  readonly raw: string;
  readonly reproduce: readonly string[];
  /** Who answers for what was looked at; absent where the plan names nobody. */
  readonly owner?: string;
}

/** Keys of a `note` the report reads. */
export interface Note {
  readonly tool?: { readonly id: string; readonly found: boolean; readonly detail: string };
  /** Tail of one scenario: `[quantile, responseMs, serviceMs]` and `[quantile, ms]`. */
  readonly load?: {
    readonly scenario: string;
    /** Requests the quantiles are of. */
    readonly n?: number;
    readonly percentiles: readonly (readonly [number, number, number | null])[];
    readonly ttft: readonly (readonly [number, number])[];
  };
  /** `[slice, ok, bad]` of slices that were told before all their requests had ended. */
  readonly late?: {
    readonly scenario: string;
    readonly slices: readonly (readonly [number, number, number])[];
  };
  /** Earlier runs, newest first; a record, so that views render from the bundle alone. */
  readonly earlier?: readonly {
    readonly run: string;
    readonly outcome: string;
    readonly at: string;
    readonly planDigest: string;
  }[];
}
