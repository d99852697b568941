import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import type { LoadClient } from "../clients/client.ts";
import type { LoadPlan, Scenario } from "../types.ts";
import type { Flight, LoadOutcome } from "./flight.ts";

/**
 * How an iteration ended: `bad` when one of its requests did, `refused` when the last one failed
 * without any answer (a closed model pauses then), `exhausted` when no row is left to work on: the
 * scenario starts no further iteration.
 */
export type IterationEnd = "ok" | "bad" | "refused" | "exhausted";

/** One iteration. The object is its virtual user's and is used again: copy what must outlive it. */
export interface Iteration {
  readonly scenario: number;
  /** Virtual user, 0-based, dense per scenario and worker. */
  readonly vu: number;
  /** Arrival index of an open model, count of iterations of a closed one; over all workers. */
  readonly index: number;
  /** Turn within a session, 0-based; 0 outside of sessions. */
  readonly turn: number;
  /** Monotonic ms the schedule says; in closed models the moment it began. */
  readonly intendedMs: number;
  /** Monotonic ms at which the pacer released it. */
  readonly wakeMs: number;
}

/** What one iteration of a scenario does. */
export interface Exec {
  /** One iteration; calls `ended` exactly once, never throws. A user runs one at a time. */
  start(it: Iteration, ended: (end: IterationEnd) => void): void;
  /** After the last iteration: closes sockets of its own, at most 5 s. */
  close?(): Promise<void>;
}

/** One request of a `LoadClient`. Fields are copied by `send`: a user may keep one and change it. */
export interface Ask {
  /** Index into the scenario's declared steps, 0 without any. */
  readonly step: number;
  readonly client: LoadClient;
  /** Given to `client.bytes`; the iteration's index unless the client counts otherwise. */
  readonly index: number;
  /** Monotonic ms; NaN = now. The first request of an open-model iteration keeps the arrival's. */
  readonly intendedMs: number;
  /** Monotonic ms of release; NaN = now. The iteration's own for its first request. */
  readonly wakeMs: number;
  /** Called once, unless the run ends first; `flight` is complete then. */
  readonly answered: (flight: Flight, outcome: LoadOutcome) => void;
}

/** Given to the factory of an Exec, once per scenario and worker. */
export interface ExecContext {
  readonly clock: Clock;
  /** Seeded; a stream of its own per scenario and worker. */
  readonly random: Random;
  /** Aborts when nothing more may be sent and nothing more is waited for. */
  readonly signal: AbortSignal;
  /** The scenario's, from the plan's and its name: the same in every worker. */
  readonly seed: number;
  readonly scenario: number;
  readonly name: string;
  readonly plan: LoadPlan;
  /** This worker's number and how many there are. */
  readonly worker: number;
  readonly workers: number;
  /** Each step is sent once, to learn whether its route is there: nothing is asked for again. */
  readonly isProbe?: boolean;
  /** Path prefix and headers of every request to the target: host, agent, credentials, run id. */
  readonly base: { readonly path: string; readonly headers: readonly string[] };
  /** Sends over the shared HTTP/1.1 connections, or queues, or drops; the outcome is `answered`. */
  send(ask: Ask): void;
  /**
   * Opens the account of one due request of a client with sockets of its own; `intendedMs` NaN =
   * now. The client stamps `sendMs`, `firstByteMs`, `doneMs` and ends it with `finish`.
   */
  begin(step: number, index: number, intendedMs: number): Flight;
  /** Closes it; a flight that was closed before, by the end of the run, is left alone. */
  finish(flight: Flight, outcome: LoadOutcome): void;
  /** Counts output tokens where the server tells none, -1 = it cannot; absent without a tokenizer. */
  readonly countTokens?: (text: string) => number;
  /** A figure of load.md section 8 (ms, ratio or count by its name), or a check by its name. */
  metric(name: string, value: number, bad?: boolean): void;
  /** Says something of the run, once in a while: it goes into the evidence. */
  event(text: string): void;
}

/** Makes the Exec of a scenario; may import the scenario's module. */
export type ExecFactory = (scenario: Scenario, context: ExecContext) => Exec | Promise<Exec>;
