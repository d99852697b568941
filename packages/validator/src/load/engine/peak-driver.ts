import type { Clock } from "@loadline/kit/clock";
import { createIntervals } from "@loadline/kit/histogram";
import type { PhaseCounts } from "../record/phases.ts";
import type { FindPeakScenario } from "../scenario-types.ts";
import { curveChunks } from "../schedule/arrivals.ts";
import { constantCurve } from "../schedule/curve.ts";
import type { LaneCommand } from "./lane.ts";
import { type PeakResult, PeakSearch } from "./peak-search.ts";
import { rises } from "./trend.ts";

export interface PeakDriverOptions {
  readonly at: number;
  readonly scenario: FindPeakScenario;
  readonly seed: number;
  readonly clock: Clock;
  /** Tells every sender that lives. */
  readonly broadcast: (command: LaneCommand) => void;
  /** Counts of a step so far, over all senders. */
  readonly phase: (phase: number) => PhaseCounts | undefined;
  /** Senders that live. */
  readonly senders: () => number;
}

const leadMs = 50;
/** A cut step has at least this many in flight, and half as many again as at first. */
const inFlightMin = 8;
const growth = 1.5;

/** Leads one search: gives steps to all senders at once, watches them, judges them. */
export class PeakDriver {
  readonly o: PeakDriverOptions;
  readonly #search: PeakSearch;
  readonly #waiting = new Set<number>();
  #phase = -1;
  #firstIndex = 0;
  #cut = false;
  #inFlight: number[] = [];
  #medians: number[] = [];
  readonly #answered = createIntervals("normal");

  constructor(o: PeakDriverOptions) {
    this.o = o;
    this.#search = new PeakSearch(o.scenario, o.seed);
  }

  get result(): PeakResult {
    return this.#search.result();
  }

  /** A sender has ended the last step; with the last of them the next one begins. */
  ready(worker: number): void {
    this.#waiting.add(worker);
    this.advance();
  }

  /** Also when a sender is lost: nobody waits for it. */
  advance(): void {
    if (this.#waiting.size === 0 || this.#waiting.size < this.o.senders()) return;
    this.#waiting.clear();
    const { at, clock, broadcast } = this.o;
    const counts = this.#phase < 0 ? undefined : this.o.phase(this.#phase);
    const last = counts && { due: counts.due, within: counts.within, cut: this.#cut };
    const plan = this.#search.next(last ?? null);
    if (plan === null) {
      broadcast({ type: "peak", scenario: at, step: null });
      return;
    }
    this.#phase++;
    this.#cut = false;
    this.#inFlight = [];
    this.#medians = [];
    this.#answered.clear();
    const { rate, seed, durationMs } = plan;
    const startMs = clock.monotonicMs() + leadMs;
    const step = {
      phase: this.#phase,
      rate,
      seed,
      startMs,
      durationMs,
      firstIndex: this.#firstIndex,
    };
    for (const chunk of curveChunks(constantCurve(rate, durationMs), this.o.scenario, seed)) {
      this.#firstIndex += chunk.length;
    }
    broadcast({ type: "peak", scenario: at, step });
  }

  /** Called at even times: stops a step whose in-flight count and median both rise. */
  look(): void {
    const counts = this.#phase < 0 || this.#cut ? undefined : this.o.phase(this.#phase);
    if (counts === undefined || counts.due === 0) return;
    const added = this.#answered.next(counts.response);
    this.#inFlight.push(counts.inFlight);
    this.#medians.push(added.count === 0 ? (this.#medians.at(-1) ?? 0) : added.quantileUs(0.5));
    const first = Math.max(1, this.#inFlight[0] ?? 1);
    if (counts.inFlight < Math.max(inFlightMin, growth * first)) return;
    if (!rises(this.#inFlight) || !rises(this.#medians)) return;
    this.#cut = true;
    this.o.broadcast({ type: "peak.cut", scenario: this.o.at, phase: this.#phase });
  }
}
