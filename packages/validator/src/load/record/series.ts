import type { LoadSeries } from "@loadline/contract";
import { createIntervals, type Histogram, type HistogramIntervals } from "@loadline/kit/histogram";
import { isBuffered } from "../clients/llm/figures.ts";
import type { Flight, LoadOutcome } from "../engine/flight.ts";
import type { LoadSlice, ScenarioWaits } from "../types.ts";
import type { Arena } from "./arena.ts";
import { Heat, type HeatCell } from "./heat.ts";
import { rankOf, toMs } from "./ranks.ts";
import { sendDelay } from "./send-delay.ts";
import { SliceLog, sliceLogCharsMax } from "./slice-log.ts";

const slicesMax = 3600;
const shownQuantiles = [0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999];
const waitQuantiles = [0.5, 0.9, 0.99];

/** Slots of the plain counters. */
const measuredAt = 0;
const streamsAt = 1;
const bufferedAt = 2;

/** Slices, histograms and counters of one scenario; fixed size, whatever the run's length. */
export class Series {
  readonly scenario: string;
  readonly sliceMs: number;
  readonly slices: number;
  /** Every phase, for the live view and the slices by completion. */
  readonly live: Histogram;
  /** Measured phase only, like those that follow. */
  readonly response: Histogram;
  readonly service: Histogram;
  readonly ttft: Histogram;
  readonly lag: Histogram;
  /** From release to sending: waiting for a user or a connection. */
  readonly queueWait: Histogram;
  /** From release until a user and a connection were free, and from then until it was open. */
  readonly queued: Histogram;
  readonly connecting: Histogram;
  /** Service time of the first request of each connection. */
  readonly cold: Histogram;
  /** Histograms by slice; of the thread that closes slices only. */
  readonly sliceLog: SliceLog;
  readonly #counts: Float64Array;
  readonly #due: Float64Array;
  readonly #ok: Float64Array;
  readonly #bad: Float64Array;
  readonly #inFlight: number[] = [];
  readonly #p99Ms: (number | null)[] = [];
  readonly #maxMs: (number | null)[] = [];
  readonly #heat: Heat;
  /** Good and bad of each slice as they were told when it was closed. */
  readonly #told: (readonly [ok: number, bad: number])[] = [];
  readonly #seconds: HistogramIntervals;
  #closed = 0;

  constructor(
    scenario: string,
    arena: Arena,
    o: { durationMs: number; drainMs: number; scenarios?: number },
  ) {
    this.scenario = scenario;
    this.sliceLog = new SliceLog(scenario, sliceLogCharsMax / (o.scenarios ?? 1));
    this.sliceMs = Math.max(1000, Math.ceil(o.durationMs / slicesMax / 1000) * 1000);
    this.slices = Math.ceil((o.durationMs + o.drainMs) / this.sliceMs) + 2;
    this.#heat = new Heat(this.slices);
    this.live = arena.histogram();
    this.#seconds = createIntervals(this.live.precision);
    this.response = arena.histogram();
    this.service = arena.histogram();
    this.ttft = arena.histogram();
    this.lag = arena.histogram();
    this.queueWait = arena.histogram();
    this.queued = arena.histogram();
    this.connecting = arena.histogram();
    this.cold = arena.histogram();
    this.#counts = arena.sums(3);
    this.#due = arena.sums(this.slices);
    this.#ok = arena.sums(this.slices);
    this.#bad = arena.sums(this.slices);
  }

  /** Requests of the measured phase that ended. */
  get measured(): number {
    return this.#counts[measuredAt] ?? 0;
  }

  get streams(): number {
    return this.#counts[streamsAt] ?? 0;
  }

  get bufferedStreams(): number {
    return this.#counts[bufferedAt] ?? 0;
  }

  /** Slice of an offset in ms from the scenario's start. */
  sliceOf(offsetMs: number): number {
    return Math.max(0, Math.min(this.slices - 1, Math.floor(offsetMs / this.sliceMs)));
  }

  due(slice: number): void {
    bump(this.#due, slice);
  }

  /** Due and not ended, of one intended slice. */
  openIn(slice: number): number {
    return (this.#due[slice] ?? 0) - (this.#ok[slice] ?? 0) - (this.#bad[slice] ?? 0);
  }

  ended(slice: number, outcome: LoadOutcome, flight: Flight, measured: boolean): void {
    bump(outcome === "ok" ? this.#ok : this.#bad, slice);
    if (measured) bump(this.#counts, measuredAt);
    if (outcome !== "ok") return;
    const responseUs = (flight.doneMs - flight.intendedMs) * 1000;
    this.live.record(responseUs);
    if (!measured) return;
    this.response.record(responseUs);
    const serviceUs = (flight.doneMs - flight.sendMs) * 1000;
    this.service.record(serviceUs);
    if (flight.cold) this.cold.record(serviceUs);
    this.queueWait.record((flight.sendMs - flight.wakeMs) * 1000);
    this.#waited(flight);
    if (flight.contentEvents === 0) return;
    bump(this.#counts, streamsAt);
    this.ttft.record((flight.firstContentMs - flight.sendMs) * 1000);
    if (isBuffered(flight)) bump(this.#counts, bufferedAt);
  }

  #waited({ wakeMs, carriedMs, sendMs }: Flight): void {
    const isTold = carriedMs <= sendMs;
    this.queued.record(((isTold ? carriedMs : sendMs) - wakeMs) * 1000);
    if (isTold && carriedMs < sendMs) this.connecting.record((sendMs - carriedMs) * 1000);
  }

  /** Closes completion slices up to the one of `offsetMs`; returns those newly closed. */
  close(offsetMs: number, inFlight: number): LoadSlice[] {
    const closed: LoadSlice[] = [];
    const until = Math.min(this.slices, Math.floor(offsetMs / this.sliceMs));
    while (this.#closed < until) {
      const slice = this.#closed++;
      const second = this.#seconds.next(this.live);
      this.#inFlight[slice] = inFlight;
      const empty = second.count === 0;
      this.#p99Ms[slice] = empty ? null : toMs(second.quantileUs(0.99));
      this.#maxMs[slice] = empty ? null : toMs(second.maxUs);
      const heat = this.#heat.add(slice, second);
      this.sliceLog.add(second, { atMs: slice * this.sliceMs, lengthMs: this.sliceMs });
      this.#told[slice] = [this.#ok[slice] ?? 0, this.#bad[slice] ?? 0];
      closed.push(this.#slice(slice, heat));
    }
    return closed;
  }

  /** The whole as the report draws it. Quantiles are of all due requests, bad ones as endless; 1 is the greatest. */
  whole(): Omit<LoadSeries, "evidence"> {
    let n = this.#closed;
    while (n > 0 && this.#due[n - 1] === 0 && this.#p99Ms[n - 1] === null) n--;
    const cut = (all: Float64Array): number[] => [...all.subarray(0, n)];
    const percentiles: [number, number, number | null][] = [];
    const ttft: [number, number][] = [];
    for (const q of shownQuantiles) {
      const rank = rankOf(q, this.measured);
      if (this.measured * (1 - q) >= 1 && rank <= this.response.count) {
        const serviceMs = toMs(this.service.rankUs(rank));
        percentiles.push([q, toMs(this.response.rankUs(rank)), serviceMs]);
      }
      if (this.ttft.count * (1 - q) >= 1) ttft.push([q, toMs(this.ttft.quantileUs(q))]);
    }
    // A request without an answer took for ever: then there is no greatest time.
    if (this.measured > 0 && this.response.count === this.measured) {
      percentiles.push([1, toMs(this.response.maxUs), toMs(this.service.maxUs)]);
    }
    const delay = sendDelay(this);
    return {
      scenario: this.scenario,
      sliceMs: this.sliceMs,
      due: cut(this.#due),
      ok: cut(this.#ok),
      bad: cut(this.#bad),
      p99Ms: this.#p99Ms.slice(0, n),
      maxMs: this.#maxMs.slice(0, n),
      inFlight: this.#inFlight.slice(0, n),
      heat: this.#heat.whole(),
      n: this.measured,
      percentiles,
      ttft,
      ...(delay === null ? {} : { delay }),
    };
  }

  /**
   * `[slice, ok, bad]` of closed slices whose requests ended after they were closed: an answer that
   * takes long counts where it was due.
   */
  late(): (readonly [slice: number, ok: number, bad: number])[] {
    return this.#told.flatMap(([toldOk, toldBad], slice) => {
      const [ok, bad] = [this.#ok[slice] ?? 0, this.#bad[slice] ?? 0];
      return ok === toldOk && bad === toldBad ? [] : [[slice, ok, bad] as const];
    });
  }

  /** What requests waited for before they were sent. */
  waits(): ScenarioWaits {
    const shown = (of: Histogram): (readonly [number, number])[] =>
      of.count === 0 ? [] : waitQuantiles.map((q) => [q, toMs(of.quantileUs(q))] as const);
    return {
      scenario: this.scenario,
      pacerLag: shown(this.lag),
      queueWait: shown(this.queueWait),
      queued: shown(this.queued),
      connecting: shown(this.connecting),
      cold: shown(this.cold),
      coldRequests: this.cold.count,
    };
  }

  #slice(slice: number, heat: readonly HeatCell[]): LoadSlice {
    return {
      scenario: this.scenario,
      slice,
      sliceMs: this.sliceMs,
      due: this.#due[slice] ?? 0,
      ok: this.#ok[slice] ?? 0,
      bad: this.#bad[slice] ?? 0,
      p99Ms: this.#p99Ms[slice] ?? null,
      maxMs: this.#maxMs[slice] ?? null,
      inFlight: this.#inFlight[slice] ?? 0,
      heat,
    };
  }
}

function bump(counts: Float64Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}
