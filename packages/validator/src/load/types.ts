import type { LoadSeries, LoadSlice as RecordedSlice, SampleTally } from "@loadline/contract";
import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import type { HostFigures } from "./engine/host.ts";
import type { JudgedGuard } from "./guards/index.ts";
import type { LoadControl } from "./engine/load-control.ts";
import type { Pacer } from "./engine/pacer.ts";
import type { Stolen } from "./engine/stolen.ts";
import type { PeakResult } from "./engine/peak-search.ts";
import type { McpOptions } from "./clients/mcp/options.ts";
import type { RagOptions } from "./clients/rag/options.ts";
import type { RoomsOptions } from "./clients/websocket/options.ts";
import type { ModuleRef } from "./plan/module-ref.ts";
import type { FeedPlan } from "./scenario/feed/feed.ts";
import type { FigureSeries } from "./record/figures.ts";
import type { LadderResult } from "./record/ladder-result.ts";
import type { SenderSamples } from "./record/samples.ts";
import type { StepSeries } from "./record/steps.ts";
import type { Scenario } from "./scenario-types.ts";

export type * from "./scenario-types.ts";

/**
 * Metrics in ms but `errors` (bad outcomes), `good` (ok within all of `slo`), `retry_after` (of
 * answers 429 those that say when to come back), `figure` (a named figure in its own unit, one
 * value each time it is said) and `iteration_duration` (one value for each iteration, no request's).
 */
export type LoadMetric =
  | "response_time"
  | "service_time"
  | "ttft"
  | "ttft_open"
  | "ttfo"
  | "ttfb"
  | "icl_max"
  | "tpot"
  | "e2e"
  | "e2e_close"
  | "e2e_open"
  | "pacer_lag"
  | "queue_wait"
  | "errors"
  | "good"
  | "retry_after"
  | "http_req_receiving"
  | "http_req_blocked"
  | "http_req_connecting"
  | "http_req_tls_handshaking"
  | "http_req_sending"
  | "data_sent"
  | "data_received"
  | "iteration_duration"
  | "figure";

/** Upper limits in ms a good answer keeps; a metric it lacks makes it not good. */
export interface GoodSlo {
  readonly responseTimeMs?: number;
  readonly ttftMs?: number;
  readonly tpotMs?: number;
  readonly e2eMs?: number;
}

/** What is counted exactly, for one part of one claim. */
export interface LoadLimit {
  readonly scenario: string;
  readonly metric: LoadMetric;
  /** Required by every metric but `errors` and `good`; at the limit is over it. */
  readonly limitMs?: number;
  /** The claim's quantile or success ratio, for the figures beside the counts and the guards. */
  readonly quantile?: number;
  /** Default 0.95. */
  readonly confidence?: number;
  readonly slo?: GoodSlo;
  /** Only requests of this declared step. */
  readonly step?: string;
  /** Name of the figure, with metric `figure`; `limitMs` is in its own unit then. */
  readonly figure?: string;
  /** Turned round: a request is bad that keeps the limit, or of `errors` that ends well. */
  readonly invert?: boolean;
  /** Keeps sums beside the counts: least value, sum and sum per slice, in the tally. */
  readonly figures?: boolean;
  /** Its values are compared, so any delay of the generator counts against it in the guards. */
  readonly compares?: true;
  /**
   * Its values are compared with those of other blocks: a delay that the generator adds to all of them
   * makes a difference look smaller.
   */
  readonly interleaved?: true;
  /** Users of its scenario beside the counts: at work when last looked at, or made in all. */
  readonly gauge?: UsersGauge;
  /** Its counts are looked at during the run: every 2 s a `look` record. */
  readonly looks?: boolean;
  readonly claim: string;
  readonly stream: string;
  readonly part: string;
}

/** k6's names of how many users there are: at work, and made. */
export type UsersGauge = "vus" | "vus_max";

/** Sums of valid values, for figures such as a mean; bad outcomes are not in them. */
export interface LimitFigures {
  /** Users of the limit's gauge; null when nobody looked, in a run of less than a second. */
  readonly gauge?: number | null;
  /** Of them those at the last look at any scenario: none where this one had ended by then. */
  readonly gaugeOfAll?: number | null;
  readonly figures?: {
    readonly values: number;
    readonly sumMs: number;
    readonly minMs: number | null;
    /** `[values, sum in ms]` per slice, in order of intended time. */
    readonly sums: readonly (readonly [number, number])[];
  };
}

/** What a target offers beside plain requests, and how it is spoken to. */
export interface TargetServices {
  readonly mcp?: Omit<McpOptions, "answerInput">;
  readonly rag?: RagOptions;
  readonly rooms?: RoomsOptions;
}

export interface LoadPlan {
  readonly target: {
    readonly baseUrl: string;
    readonly apiKey?: string;
    /** Further keys by name, for scenarios that name one; in no record. */
    readonly keys?: Readonly<Record<string, string>>;
    /** Hosts that may be sent to besides loopback. */
    readonly allowHosts?: readonly string[];
    /** Sent with every request, after those of the engine. */
    readonly headers?: Readonly<Record<string, string>>;
    /** TLS certificates are not verified; the report says so. */
    readonly insecure?: boolean;
    /** Model of llm steps that name none. */
    readonly model?: string;
    /** `(text) => count`: output tokens of answers whose usage the server does not tell. */
    readonly tokenizer?: ModuleRef;
  } & TargetServices;
  readonly seed: number;
  /** Sent as `x-loadline-run`, its digest in `traceparent`; 32 hex digits are drawn when absent. */
  readonly runId?: string;
  readonly scenarios: Readonly<Record<string, Scenario>>;
  readonly limits: readonly LoadLimit[];
  /** Feeders by name; their rows are shared memory. */
  readonly feeds?: Readonly<Record<string, FeedPlan>>;
  /** Values of `${env:NAME}` and `${file:PATH}` in steps, by their reference; in no record. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Folder of the plan's file: modules are named relative to it. Absolute. */
  readonly folder?: string;
  /** Run before and after load, unmeasured. */
  readonly hooks?: { readonly setup?: ModuleRef; readonly teardown?: ModuleRef };
  /** Sends each step once before load, default false; `load.missing` ends a run that lacks one. */
  readonly probe?: boolean;
  /** What `setup` returned, given to every virtual user. */
  readonly setup?: unknown;
  /** Of latencies: buckets 0.4 % wide in 26 KB each (`normal`), or 0.1 % in 94 KB. */
  readonly precision?: "normal" | "high";
  /** Connections per worker, default 1,024. */
  readonly connectionsMax?: number;
  /** Requests that may wait for a connection, per worker; default 10 s of arrivals, at most 100,000. */
  readonly queueMax?: number;
  /** Sender threads per process; default `auto`: what the load needs, at most cores - 1. */
  readonly workers?: number | "auto";
  /** Whole generators, each with its own descriptors and heap; default 1. */
  readonly processes?: number;
  /** The safety caps are waived by who runs it. */
  readonly aboveCaps?: boolean;
  readonly timeouts?: Partial<LoadTimeouts>;
}

export interface LoadTimeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

export interface LoadDeps {
  readonly clock: Clock;
  /** Stops sending; what is under way is cancelled and no sample is closed. */
  readonly signal?: AbortSignal;
  /** Drains the run, or changes users and rates while it runs. */
  readonly control?: LoadControl;
  /** Draws the run's id, default the machine's randomness. */
  readonly random?: Random;
  /** `thread` (default): the engine has a thread of its own. `inline`: in the caller's. */
  readonly engine?: "thread" | "inline";
  /** `pacer` (default): a thread sleeps and wakes the sender. `timer`: the loop's own timer. */
  readonly pacing?: "pacer" | "timer" | "precise";
  /** Of runs in the caller's thread that follow each other: one pacer for all, closed by its maker. */
  readonly pacer?: Pacer;
}

/** A guard as it stands: what was seen and what is allowed, short. */
export interface LiveGuard {
  readonly guard: string;
  readonly holds: boolean;
  readonly figure: string;
  readonly limit: string;
}

/** One row of the live view, of all scenarios. Quantiles null until something ended. */
export interface LiveFrame {
  readonly due: number;
  readonly ok: number;
  readonly bad: number;
  readonly inFlight: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  readonly ttftP99Ms: number | null;
  readonly elapsedMs: number;
  readonly leftMs: number;
  /** Absent where nobody judges them. */
  readonly guards?: readonly LiveGuard[];
}

/** Counters of one second: due, ok and bad by intended time, the rest by completion. */
export type LoadSlice = Required<RecordedSlice>;

/** What became of a scenario: `due = ok + sum(bad)` holds always. */
export interface LoadAccount {
  readonly scenario: string;
  readonly due: number;
  readonly sent: number;
  readonly ok: number;
  readonly bad: Readonly<Record<string, number>>;
  /** Of `due` and `ok` those no user asked for: what clients sent on their own account. */
  readonly aside?: { readonly due: number; readonly ok: number };
  readonly tokensKnown: number;
  readonly tokensUnknown: number;
  readonly outputTokens: number;
}

/** A step the target has no route for, and the status that says so. */
export interface MissingStep {
  readonly scenario: string;
  readonly step: string;
  readonly status: number;
}

export interface ScenarioStart {
  readonly scenario: string;
  readonly executor: Scenario["executor"];
  /** Arrivals of an open scenario; null when users decide. */
  readonly planned: number | null;
  readonly durationMs: number;
}

/** What a sample is of: how it was counted, and on which schedule. */
export interface SampleTerms {
  readonly metric: LoadMetric;
  /** Scenario, and step where there is one: `chat`, `chat/ask`. */
  readonly series: string;
  /** What its values count from. */
  readonly clock: "intended" | "sent";
  /** Bad by value alone. */
  readonly over: number;
  /** Looks made at it during the run. */
  readonly lookCount: number;
  readonly scheduleHash: string;
}

/** Response times of a scenario that are kept apart by blocks of its time. */
export interface ScenarioBlocks {
  readonly scenario: string;
  readonly blockMs: number;
  /** In order of intended time; p99 among all due, null when its rank had no good outcome. */
  readonly blocks: readonly { readonly due: number; readonly p99Ms: number | null }[];
}

/** What requests waited for before they were sent, and cold connections, as `[quantile, ms]`. */
export interface ScenarioWaits {
  readonly scenario: string;
  /** Released after the intended time: the generator's own lateness. */
  readonly pacerLag: readonly (readonly [number, number])[];
  /** From release to sending: waiting for a user or a connection. */
  readonly queueWait: readonly (readonly [number, number])[];
  /** Of that: until a user and a connection were free, then until one that was opened was open. */
  readonly queued: readonly (readonly [number, number])[];
  readonly connecting: readonly (readonly [number, number])[];
  /** Service time of the first request of each connection, connecting included. */
  readonly cold: readonly (readonly [number, number])[];
  readonly coldRequests: number;
}

export type LoadRecord =
  | {
      readonly type: "load.started";
      readonly seed: number;
      readonly scheduleHash: string;
      readonly scenarios: readonly ScenarioStart[];
    }
  /** Nothing was sent: the target lacks what the plan asks of it. No other record follows. */
  | { readonly type: "load.missing"; readonly missing: readonly MissingStep[] }
  | { readonly type: "frame"; readonly frame: LiveFrame }
  | { readonly type: "load.slice"; readonly slice: LoadSlice }
  | {
      readonly type: "load.event";
      readonly text: string;
      /** What the figures of the run do not say because of it, one sentence. */
      readonly doesNotProve?: string;
    }
  | { readonly type: "guard"; readonly guard: JudgedGuard }
  | {
      readonly type: "sample.tally";
      readonly claim: string;
      readonly tally: SampleTally & LimitFigures & SampleTerms;
    }
  /** Counts so far of limits that want looks; no sample is closed by it. */
  | {
      readonly type: "look";
      readonly elapsedMs: number;
      readonly tallies: readonly { readonly claim: string; readonly tally: SampleTally }[];
      /** Of each claim what is due and not ended. */
      readonly underWay: Readonly<Record<string, number>>;
    }
  | {
      readonly type: "sample.closed";
      readonly claim: string;
      readonly stream: string;
      readonly part: string;
    }
  | { readonly type: "steps"; readonly scenario: string; readonly steps: readonly StepSeries[] }
  | { readonly type: "figure"; readonly figure: FigureSeries }
  | { readonly type: "waits"; readonly waits: ScenarioWaits }
  | ({ readonly type: "blocks" } & ScenarioBlocks)
  /** The busiest sender's figures, and what was taken from this machine meanwhile. */
  | { readonly type: "host"; readonly host: HostFigures; readonly stolen: Stolen }
  | { readonly type: "ladder"; readonly scenario: string; readonly result: LadderResult }
  | { readonly type: "peak"; readonly scenario: string; readonly result: PeakResult }
  /** Every latency histogram of the run, in formats others read; `sliceLog` has them by slices. */
  | {
      readonly type: "histograms";
      readonly hdrLog: string;
      readonly sliceLog: string;
      readonly openMetrics: string;
      /** Native histograms of Prometheus, as protobuf. */
      readonly native: Uint8Array<ArrayBuffer>;
    }
  /** Requests kept whole: failures up to 10,000, the slowest 100 of each limit. */
  | { readonly type: "samples"; readonly samples: SenderSamples }
  | {
      readonly type: "series";
      readonly series: Omit<LoadSeries, "evidence">;
      /** `[slice, ok, bad]` of slices that were told before all their requests had ended. */
      readonly late: readonly (readonly [number, number, number])[];
    }
  | {
      readonly type: "load.ended";
      readonly reason: "done" | "cancelled" | "drained";
      /** From the start of the run to when sending stopped, where it was stopped early. */
      readonly stoppedAfterMs?: number;
      readonly accounts: readonly LoadAccount[];
    };
