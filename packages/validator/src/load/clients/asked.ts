import type { Flight, LoadOutcome } from "../engine/flight.ts";

/** Which due request a call of a client is. */
export interface At {
  /** Index into the scenario's declared steps. */
  readonly step: number;
  readonly index: number;
  /** Monotonic ms, NaN = now: the arrival's for the first request of an open iteration. */
  readonly intendedMs: number;
  /** Monotonic ms of release, NaN = now. */
  readonly wakeMs: number;
}

/** How a call of a client ended. */
export interface Answer {
  readonly outcome: LoadOutcome;
  /** Complete; its times are those of the request that was due. */
  readonly flight: Flight;
}
