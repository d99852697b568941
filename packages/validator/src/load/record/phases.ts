import type { Histogram } from "@loadline/kit/histogram";
import type { Flight, LoadOutcome } from "../engine/flight.ts";
import type { Scenario } from "../scenario-types.ts";
import type { Arena } from "./arena.ts";

/** Slots of the counters. */
const dueAt = 0;
const okAt = 1;
const withinAt = 2;
const endedAt = 3;

/** Counts of one step of a ladder or a search. */
export class PhaseCounts {
  readonly response: Histogram;
  readonly #counts: Float64Array;
  readonly #limitMs: number;

  constructor(arena: Arena, limitMs: number) {
    this.response = arena.histogram("normal");
    this.#counts = arena.sums(4);
    this.#limitMs = limitMs;
  }

  get due(): number {
    return this.#counts[dueAt] ?? 0;
  }

  get ok(): number {
    return this.#counts[okAt] ?? 0;
  }

  /** Ok and sooner than the limit. */
  get within(): number {
    return this.#counts[withinAt] ?? 0;
  }

  get inFlight(): number {
    return this.due - (this.#counts[endedAt] ?? 0);
  }

  started(): void {
    this.#counts[dueAt] = this.due + 1;
  }

  ended(flight: Flight, outcome: LoadOutcome): void {
    this.#counts[endedAt] = (this.#counts[endedAt] ?? 0) + 1;
    if (outcome !== "ok") return;
    const responseMs = flight.doneMs - flight.intendedMs;
    this.#counts[okAt] = this.ok + 1;
    if (responseMs < this.#limitMs) this.#counts[withinAt] = this.within + 1;
    this.response.record(responseMs * 1000);
  }
}

/** One per step that the scenario can have; none but of ladders and searches. */
export function phasesOf(scenario: Scenario, arena: Arena, stepsMax: number): PhaseCounts[] {
  if (scenario.executor === "ladder") {
    const count = scenario.users.length * (scenario.rounds ?? 3);
    return Array.from({ length: count }, () => new PhaseCounts(arena, Number.POSITIVE_INFINITY));
  }
  if (scenario.executor !== "find-peak") return [];
  const { limitMs } = scenario.pass;
  return Array.from({ length: stepsMax }, () => new PhaseCounts(arena, limitMs));
}
