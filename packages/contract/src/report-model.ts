import type { Claim, ClaimCategory, ClaimKind } from "./claim.ts";
import type { EvidenceRecord, GuardObservation, Provenance } from "./evidence/record.ts";
import type { GateResult } from "./gates.ts";
import type { IdentityFact } from "./identity.ts";
import type { UseVerdict } from "./scorecard.ts";
import type { WaiverReport } from "./waiver/lay-over.ts";
import type { Disposition, Outcome, ReasonCode, Verdict } from "./verdict.ts";

/** A number a renderer may show. Renderers take nothing else. `value: null` prints "not measured". */
export interface Figure {
  readonly value: number | null;
  readonly unit: string;
  readonly n?: number;
  readonly provenance: Provenance;
  /** seq of the records it comes from. */
  readonly refs: readonly number[];
  /** Values below it print as `< resolution`. */
  readonly resolution?: number;
}

export interface Interval {
  readonly lower: number | null;
  readonly upper: number | null;
  readonly confidence: number;
  readonly unit: string;
}

export interface PartVerdict {
  readonly part: string;
  readonly verdict: Verdict;
  readonly reason?: ReasonCode;
  readonly sentence: string;
  readonly n: number;
  readonly bad: number;
  readonly undefined: number;
  readonly observed: Figure | null;
  readonly limit: Figure | null;
  readonly interval: Interval | null;
  readonly badBy: Readonly<Record<string, number>>;
  /** seq of supporting records. */
  readonly evidence: readonly number[];
}

export interface ClaimVerdict {
  readonly id: string;
  readonly category: ClaimCategory;
  readonly statement: string;
  readonly kind: ClaimKind;
  readonly required: boolean;
  readonly verdict: Verdict;
  readonly disposition?: Disposition;
  readonly reason?: ReasonCode;
  /** Why, one sentence. */
  readonly sentence: string;
  /** Of the part that decided (the worst one). */
  readonly n: number;
  readonly bad: number;
  readonly observed: Figure | null;
  readonly limit: Figure | null;
  readonly interval: Interval | null;
  readonly confidence: number;
  readonly parts: readonly PartVerdict[];
  readonly evidence: readonly number[];
  /** What would prove it, e.g. "161 more requests, none over"; empty for passed. */
  readonly toProve: string;
  /** Command that runs it again; secrets as `$NAME`. */
  readonly reproduce: readonly string[];
}

export type VerdictCounts = Readonly<
  Record<Verdict | Disposition | "required" | "decided", number>
>;

/** `verdict.json`, schema `loadline-verdict/v1`. */
export interface VerdictDocument {
  readonly schema: "loadline-verdict/v1";
  readonly run: string;
  readonly outcome: Outcome;
  readonly overall_status: Outcome;
  readonly slo_compliance: Readonly<Record<string, Verdict>>;
  readonly exitCode: 0 | 1 | 2;
  /** One sentence for the signer. */
  readonly sentence: string;
  readonly target: string;
  readonly profile: string;
  readonly planDigest: string;
  readonly chainHead: string;
  readonly foldVersion: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly durationMs: number;
  readonly claims: readonly ClaimVerdict[];
  /** Of required claims. */
  readonly counts: VerdictCounts;
  /** decided / required; null without required claims. */
  readonly coverage: number | null;
  readonly guards: readonly (GuardObservation & { readonly seq: number })[];
  readonly tools: readonly {
    readonly id: string;
    readonly found: boolean;
    readonly detail: string;
  }[];
  /** What was accepted in spite of its verdict, and what was not; absent without waivers. */
  readonly waivers?: WaiverReport;
  /** What the targets told of their builds; absent when nothing is known. */
  readonly identity?: readonly IdentityFact[];
  /** What the plan says the target is for, decided from the claims that needs; absent without. */
  readonly use?: UseVerdict;
  /** The plan's own gates; absent without. */
  readonly gates?: readonly GateResult[];
  /** What the plan asks beyond its claims and does not get: why a READY is none; else absent. */
  readonly unmet?: readonly string[];
  /** What this evidence does not prove. */
  readonly limits: readonly string[];
}

/** Where response time comes to differ from service time, with medians in ms. */
export interface SendDelay {
  /** The place with the longest wait. */
  readonly part: "pacer" | "queue" | "connect";
  readonly responseMs: number;
  readonly serviceMs: number;
  readonly pacerMs: number;
  readonly queueMs: number;
  readonly connectMs: number;
}

/** What a load recorded of a scenario beside its slices; what nobody recorded is absent. */
export interface LoadDetails {
  /** First requests of their connection, connecting in their service time. */
  readonly cold?: { readonly requests: number; readonly medianMs: number };
  /** Output tokens of answers that told them, by usage or tokenizer, and answers that did not. */
  readonly tokens?: { readonly told: number; readonly untold: number; readonly sum: number };
  /** Requests that fell due, by step, in the plan's order. */
  readonly mix?: readonly (readonly [step: string, due: number])[];
  /** seq of the `note` records behind it. */
  readonly evidence: readonly number[];
}

/** One load series for the charts; every array has one entry per slice; null = gap. */
export interface LoadSeries {
  readonly scenario: string;
  readonly sliceMs: number;
  readonly due: readonly number[];
  readonly ok: readonly number[];
  readonly bad: readonly number[];
  readonly p99Ms: readonly (number | null)[];
  readonly maxMs: readonly (number | null)[];
  readonly inFlight: readonly number[];
  /** Heat map: sparse `[slice, upperEdgeMs, count]`, completion slice, log-spaced edges. */
  readonly heat: readonly (readonly [number, number, number])[];
  /** Requests that the quantiles are of, those without an answer too; absent: nobody told. */
  readonly n?: number;
  /** `[quantile, responseMs, serviceMs]`, order statistics of n; 1 is the greatest. */
  readonly percentiles: readonly (readonly [number, number, number | null])[];
  /** Same for time to first token, empty when not streamed: `[quantile, ms]`. */
  readonly ttft: readonly (readonly [number, number])[];
  /** Only where the two differ by more than 10 % at p50. */
  readonly delay?: SendDelay;
  readonly details?: LoadDetails;
  /** seq of the `load.slice` / `note` records behind it. */
  readonly evidence: readonly number[];
}

/** Everything a report shows, and nothing else: a pure view of a bundle. */
export interface ReportModel {
  readonly schema: "loadline-report/v1";
  readonly verdict: VerdictDocument;
  readonly plan: {
    readonly claims: readonly Claim[];
    readonly text: string;
    readonly digest: string;
  };
  readonly load: readonly LoadSeries[];
  /** Records a verdict or figure cites, at most 5,000. */
  readonly records: readonly EvidenceRecord[];
  readonly recordCount: number;
  readonly findings: readonly {
    readonly fingerprint: string;
    readonly severity: "low" | "medium" | "high" | "critical";
    /** `accepted`: each of its claims is waived. */
    readonly status: "open" | "accepted";
    /** Who accepted it, else who answers for what was looked at; null where nobody is named. */
    readonly owner: string | null;
    readonly title: string;
    readonly impact: string;
    readonly remedy: string;
    readonly raw: string;
    readonly reproduce: readonly string[];
    readonly claims: readonly string[];
    readonly evidence: readonly number[];
  }[];
  /** Earlier runs of the same plan and target in the state directory, newest first. */
  readonly earlier: readonly {
    readonly run: string;
    readonly outcome: Outcome;
    readonly at: string;
    readonly planDigest: string;
  }[];
  readonly commands: { readonly reproduce: readonly string[]; readonly verify: readonly string[] };
  /** `unsigned: consistent, origin unknown` until signatures exist. */
  readonly origin: string;
}
