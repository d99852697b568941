import type { ClientExecSpec } from "./clients/client-execs.ts";
import type { LlmLoadRequest } from "./clients/llm/request.ts";

/** One plain request; the answer's body is read and discarded. */
export interface HttpLoadRequest {
  readonly kind: "http";
  readonly method: string;
  /** Joined to the path of `baseUrl`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Accepted statuses, default 200..299. */
  readonly expectStatus?: readonly number[];
}

export type LoadRequest = HttpLoadRequest | LlmLoadRequest;

/** A declared step: requests, series and limits are kept under its name. */
export interface StepName {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** One kind of iteration of a mix; its declared steps follow those of the parts before it. */
export interface MixPart {
  readonly name: string;
  /** Share of iterations, relative to the other parts'; exact to one block of permuted picks. */
  readonly weight: number;
  readonly request?: LoadRequest;
  readonly exec?: ExecSpec;
  /** Default: one step with the part's name. */
  readonly steps?: readonly StepName[];
}

/**
 * Steps as data, run by the step runner; a function of a module, imported in each worker; or a
 * mix, of which each iteration is one part.
 */
export type ExecSpec =
  | { readonly kind: "steps"; readonly data: unknown }
  | {
      readonly kind: "module";
      /** Relative to `LoadPlan.folder`. */
      readonly file: string;
      readonly export: string;
      /** SHA-256 of the module's text, hex: what the scenario's digest says of it. */
      readonly digest?: string;
    }
  | { readonly kind: "mix"; readonly parts: readonly MixPart[] }
  | ClientExecSpec;

interface ScenarioShared {
  /** What an iteration does: exactly one of `request` and `exec`. */
  readonly request?: LoadRequest;
  readonly exec?: ExecSpec;
  /** Default: one step with the scenario's name; of a mix its parts'. Ask.step is an index into it. */
  readonly steps?: readonly StepName[];
  /** A feeder of `LoadPlan.feeds`, whose rows its iterations get. */
  readonly feed?: string;
  /** SHA-256 of the rows it gives and their order, hex. */
  readonly feedDigest?: string;
  /** Values a module or a step reads by name. */
  readonly env?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Name of a key of `LoadPlan.target.keys`, sent in place of the target's own. */
  readonly key?: string;
  /** Response times are also kept apart by blocks of this length in ms, at most 600 of them. */
  readonly blockMs?: number;
  /** Its requests go over HTTP/2, which costs the generator several times the CPU. */
  readonly http2?: boolean;
  /** Ms after the start of the run, default 0. */
  readonly startMs?: number;
  /** Requests intended in the first ms of the scenario count in no claim, default 0. */
  readonly warmupMs?: number;
  /** How long to wait for answers after the last request, default 30,000. */
  readonly gracefulStopMs?: number;
}

/** Terms of every open model: iterations fall due at their times, whatever the target does. */
interface OpenShared extends ScenarioShared {
  /** Gaps, mapped through the integral of the rate: equal (default), exponential or gamma. */
  readonly arrivals?: "even" | "poisson" | "gamma";
  /** Shape of gamma gaps, > 0, default 1 = poisson; below 1 they bunch, above they even out. */
  readonly burstiness?: number;
  /** Users made before the start, over all workers, default 0. */
  readonly preAllocatedVus?: number;
  /** Users at most, over all workers, default 10,000; above them arrivals queue, then drop. */
  readonly maxVus?: number;
}

/** Terms of every closed model: a user starts anew when its iteration ended. */
interface ClosedShared extends ScenarioShared {
  /** Pause of a user between two iterations in ms, default 0; a pair is drawn evenly between. */
  readonly thinkMs?: number | readonly [min: number, max: number];
  /** Spread of the users' first starts in ms, default min(1 s, 5 % of the duration). */
  readonly startJitterMs?: number;
}

/** Open model of one rate, which a sine may modulate. */
export interface ArrivalScenario extends OpenShared {
  readonly executor: "constant-arrival-rate";
  /** Iterations per second; the mean of a sine. */
  readonly rate: number;
  readonly durationMs: number;
  /** The rate moves by up to `amplitude` (<= rate) per second around its mean. */
  readonly sine?: { readonly amplitude: number; readonly periodMs: number };
}

/** Open model whose rate moves from stage to stage. */
export interface RampingArrivalScenario extends OpenShared {
  readonly executor: "ramping-arrival-rate";
  /** Iterations per second at the start, default 0. */
  readonly startRate?: number;
  /** `target` in iterations per second; `step`: it holds for the whole stage, no ramp. */
  readonly stages: readonly {
    readonly durationMs: number;
    readonly target: number;
    readonly step?: boolean;
  }[];
}

export interface ConstantVusScenario extends ClosedShared {
  readonly executor: "constant-vus";
  readonly vus: number;
  readonly durationMs: number;
}

/** Closed model whose number of users moves linearly from stage to stage. */
export interface RampingVusScenario extends ClosedShared {
  readonly executor: "ramping-vus";
  /** Default 0. */
  readonly startVus?: number;
  readonly stages: readonly { readonly durationMs: number; readonly target: number }[];
}

/** Closed model of a number of iterations that users share. */
export interface SharedIterationsScenario extends ClosedShared {
  readonly executor: "shared-iterations";
  readonly vus: number;
  /** In all. */
  readonly iterations: number;
  /** Default 600,000. */
  readonly maxDurationMs?: number;
}

/** Closed model of a number of iterations for each user. */
export interface PerVuIterationsScenario extends ClosedShared {
  readonly executor: "per-vu-iterations";
  readonly vus: number;
  /** Of each user. */
  readonly iterations: number;
  /** Default 600,000. */
  readonly maxDurationMs?: number;
}

/** Sessions arrive in an open model; each turn falls due after the last one's end and a thought. */
export interface SessionsScenario extends OpenShared {
  readonly executor: "sessions";
  /** Sessions per second. */
  readonly rate: number;
  readonly durationMs: number;
  readonly turns: number;
  /** Ms between an answer and the next turn, from the seed; a pair is drawn evenly between. */
  readonly thinkMs?: number | readonly [min: number, max: number];
}

/** A recorded trace as columns; made by `parseTrace`. */
export interface TraceData {
  /** Ms after the first row, ascending. */
  readonly atMs: Float64Array;
  readonly inputTokens: Uint32Array;
  readonly outputTokens: Uint32Array;
  /** Ids of 512-token prefix blocks of all rows, row after row; empty without any. */
  readonly hashIds: Uint32Array;
  /** Where a row's ids begin; one more than there are rows. */
  readonly hashStart: Uint32Array;
}

/** Open model that repeats a trace; prompts are made from the seed, with the same shared prefixes. */
export interface TraceScenario extends OpenShared {
  readonly executor: "trace-replay";
  readonly trace: TraceData;
  /** 2 = twice as fast; default 1. */
  readonly speed?: number;
}

/** Closed model that holds each number of users for a while, `rounds` times in shuffled order. */
export interface LadderScenario extends ClosedShared {
  readonly executor: "ladder";
  readonly users: readonly number[];
  /** Default 3. */
  readonly rounds?: number;
  /** Length of one step in ms. */
  readonly holdMs: number;
  /** `claims`: `holdMs` is the least; binding the job lengthens it to what the claims need. */
  readonly holdBy?: "claims";
  /** First part of a step that is not counted, while users change, default 10 % of it. */
  readonly settleMs?: number;
}

/** What a step of a search must keep to pass. */
export interface PeakCriterion {
  /** Share of due requests that must be ok and within `limitMs`, default 0.99. */
  readonly share?: number;
  /** Response time in ms; at the limit is over it. */
  readonly limitMs: number;
  /** Default 0.95. */
  readonly confidence?: number;
}

/** Open model that doubles its rate, then bisects, until the highest passing one is known to 5 %. */
export interface FindPeakScenario extends OpenShared {
  readonly executor: "find-peak";
  /** Iterations per second of the first step. */
  readonly startRate: number;
  /** Never above this. */
  readonly rateMax: number;
  /** Length of one step in ms. */
  readonly stepMs: number;
  readonly pass: PeakCriterion;
  /** Steps in all, default 24. */
  readonly stepsMax?: number;
}

export type Scenario =
  | ArrivalScenario
  | RampingArrivalScenario
  | ConstantVusScenario
  | RampingVusScenario
  | SharedIterationsScenario
  | PerVuIterationsScenario
  | SessionsScenario
  | TraceScenario
  | LadderScenario
  | FindPeakScenario;

/** Scenarios whose arrivals are known before the run. */
export type ScheduledScenario =
  | ArrivalScenario
  | RampingArrivalScenario
  | SessionsScenario
  | TraceScenario;

/** Scenarios whose iterations fall due whatever the target does. */
export type OpenScenario = ScheduledScenario | FindPeakScenario;
