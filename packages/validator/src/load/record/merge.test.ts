import { createHistogram } from "@loadline/kit/histogram";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFlight, type LoadOutcome } from "../engine/flight.ts";
import { countOrphans } from "../engine/orphans.ts";
import type { LoadPlan } from "../types.ts";
import { Figures, otherFigure } from "./figures.ts";
import { Recorder } from "./recorder.ts";
import { failuresMax, mergeSamples, type SampleRow, Slowest, slowestMax } from "./samples.ts";

const limit = { scenario: "s", claim: "c", stream: "load.c", part: "all" } as const;
const get = { kind: "http", method: "GET", path: "/" } as const;

function planOf(durationMs: number, warmupMs = 500): LoadPlan {
  return {
    target: { baseUrl: "http://127.0.0.1" },
    seed: 7,
    scenarios: {
      s: {
        executor: "constant-arrival-rate",
        rate: 10,
        durationMs,
        warmupMs,
        gracefulStopMs: 1000,
        request: get,
        steps: [{ name: "one" }, { name: "two" }],
      },
    },
    limits: [
      { ...limit, metric: "response_time", limitMs: 100, quantile: 0.9, figures: true },
      { ...limit, metric: "errors", step: "two" },
      { ...limit, metric: "figure", figure: "rtt", limitMs: 5 },
    ],
  };
}

const plan = planOf(5000);

interface Request {
  intendedMs: number;
  tookMs: number;
  step: number;
  outcome: LoadOutcome;
  rtt: number;
}

const request: fc.Arbitrary<Request> = fc.record({
  intendedMs: fc.integer({ min: 0, max: 4999 }),
  tookMs: fc.integer({ min: 0, max: 900 }),
  step: fc.nat(1),
  outcome: fc.constantFrom<LoadOutcome>("ok", "ok", "reset", "status_5xx", "dropped"),
  rtt: fc.integer({ min: 0, max: 9 }),
});

/** What the clock of a recorder says. */
const nowMs = new WeakMap<Recorder, number>();

function count(into: Recorder, { intendedMs, tookMs, step, outcome, rtt }: Request): void {
  const flight = createFlight(0, 0, intendedMs);
  flight.step = step;
  into.due(0, flight);
  const sent = { wakeMs: intendedMs, sendMs: intendedMs, doneMs: intendedMs + tookMs };
  Object.assign(flight, sent);
  into.ended(flight, outcome);
  nowMs.set(into, intendedMs);
  into.figure(0, "rtt", rtt, outcome !== "ok");
}

function recorder(requests: readonly Request[] = [], of = plan): Recorder {
  const one: Recorder = new Recorder(of, { nowMs: () => nowMs.get(one) ?? 0 });
  one.begin(0);
  for (const each of requests) count(one, each);
  return one;
}

/** Everything a recorder can say. */
function saidBy(of: Recorder): unknown {
  of.closeSlices(20_000);
  return {
    accounts: of.accounts(),
    tallies: of.at(0).limits.map((counter) => counter.tally()),
    steps: of.at(0).steps.map((step) => step.toSeries()),
    series: of.at(0).series.whole(),
    figures: of.figureSeries(),
  };
}

const buffersOf = (of: Recorder): number[][] =>
  of.arena.buffers.map((buffer) => [...new Uint8Array(buffer)]);

describe("merge", () => {
  it("the sum of any parts says what the whole says, in whatever order they are added", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(request, fc.nat(3)), { maxLength: 60 }),
        fc.boolean(),
        (placed, turned) => {
          const whole = recorder(placed.map(([one]) => one));
          const parts = [0, 1, 2, 3].map((worker) =>
            recorder(placed.flatMap(([one, to]) => (to === worker ? [one] : []))),
          );
          const merged = recorder();
          for (const part of turned ? parts.toReversed() : parts) merged.add(part);
          expect(saidBy(merged)).toEqual(saidBy(whole));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("a merge made anew from the same parts is the same: nothing is counted twice", () => {
    const parts = [recorder([{ intendedMs: 900, tookMs: 5, step: 0, outcome: "ok", rtt: 1 }])];
    const merged = recorder();
    for (let i = 0; i < 3; i++) {
      merged.clear();
      for (const part of parts) merged.add(part);
    }
    expect(saidBy(merged)).toEqual(saidBy(parts[0] ?? recorder()));
  });

  it("a view of a sender's memory sees what the sender counts", () => {
    const sender = recorder();
    const view = new Recorder(plan, { given: sender.arena.buffers });
    view.begin(0);
    count(sender, { intendedMs: 700, tookMs: 200, step: 1, outcome: "ok", rtt: 1 });
    expect(view.at(0).due).toBe(1);
    expect(view.at(0).limits[0]?.tally()).toEqual(sender.at(0).limits[0]?.tally());
    expect(buffersOf(view)).toEqual(buffersOf(sender));
  });

  it("adding histograms keeps every quantile within 0.4 % of the values themselves", () => {
    const value = fc.integer({ min: 0, max: 60_000_000 });
    fc.assert(
      fc.property(fc.array(fc.array(value), { minLength: 1, maxLength: 4 }), (parts) => {
        const all = parts.flat().toSorted((a, b) => a - b);
        fc.pre(all.length > 0);
        const merged = createHistogram();
        for (const part of parts) {
          const one = createHistogram();
          for (const us of part) one.record(us);
          merged.add(one);
        }
        for (const rank of [1, Math.ceil(all.length / 2), all.length]) {
          const truth = all[rank - 1] ?? 0;
          expect(merged.rankUs(rank)).toBeGreaterThanOrEqual(truth);
          expect(merged.rankUs(rank)).toBeLessThanOrEqual(truth * 1.004 + 1e-9);
        }
      }),
    );
  });
});

describe("lost sender", () => {
  it("what it had under way and what it never sent is bad by generator, in its own slices", () => {
    const lost = recorder([{ intendedMs: 600, tookMs: 1, step: 0, outcome: "ok", rtt: 1 }]);
    const under = createFlight(0, 2, 1200);
    lost.due(0, under);
    // Worker 0 of 2 let go of arrivals 0, 2 and 4 of 50.
    for (let i = 0; i < 3; i++) lost.at(0).release();
    const orphans = recorder();
    const found = countOrphans(orphans, { recorder: lost, worker: 0, workers: 2, seed: 7 });
    expect(found).toBe(1 + 22);
    const merged = recorder();
    merged.add(lost);
    merged.add(orphans);
    const [account] = merged.accounts();
    expect(account).toMatchObject({ due: 24, ok: 1, bad: { generator: 23 } });
    const tally = merged.at(0).limits[0]?.tally();
    expect(tally).toMatchObject({ n: 24, bad: 23, badBy: { generator: 23 } });
    // Of arrivals every 100 ms from 600 ms on, every second one.
    expect(tally?.slices).toEqual([
      [3, 2],
      [6, 6],
      [5, 5],
      [5, 5],
      [5, 5],
    ]);
  });

  it.each([
    // Duration and warm-up; the one slice of a short run ends after it, and begins in the warm-up.
    [500, 0],
    [500, 400],
    [2_000, 1_600],
  ])(
    "of a run of %i ms with %i of warm-up what it had under way stays in the sample",
    (durationMs, warmupMs) => {
      const own = planOf(durationMs, warmupMs);
      const lost = recorder([], own);
      lost.due(0, createFlight(0, 0, durationMs - 1));
      lost.due(0, createFlight(0, 0, durationMs + 600));
      // Every arrival of ten a second was let go.
      for (let i = 0; i < durationMs / 100; i++) lost.at(0).release();
      const orphans = recorder([], own);
      expect(countOrphans(orphans, { recorder: lost, worker: 0, workers: 1, seed: 7 })).toBe(2);
      // That of the drain is in no claim.
      expect(orphans.at(0).limits[0]?.n).toBe(1);
    },
  );

  it("an iteration it had under way is over every limit on their length, whatever ran of it", () => {
    const length = { ...limit, metric: "iteration_duration", limitMs: 60_000 } as const;
    const own: LoadPlan = { ...plan, limits: [length] };
    const lost = recorder([], own);
    for (let i = 0; i < 50; i++) lost.at(0).release();
    for (let i = 0; i < 3; i++) lost.at(0).iterates(1);
    lost.at(0).iterates(-1);
    lost.at(0).iteration(900, 20, "");
    const merged = recorder([], own);
    countOrphans(merged, { recorder: lost, worker: 0, workers: 1, seed: 7 });
    merged.add(lost);
    expect(merged.at(0).limits[0]?.tally()).toMatchObject({
      n: 3,
      bad: 2,
      badBy: { generator: 2 },
    });
  });

  it("each turn of a session it never began is an iteration and a request", () => {
    const s = {
      executor: "sessions",
      rate: 10,
      durationMs: 5_000,
      turns: 3,
      request: get,
    } as const;
    const length = { ...limit, metric: "iteration_duration", limitMs: 60_000 } as const;
    const own: LoadPlan = { ...plan, scenarios: { s }, limits: [length] };
    const orphans = recorder([], own);
    const lost = { recorder: recorder([], own), worker: 0, workers: 1, seed: 7 };
    const found = countOrphans(orphans, lost);
    expect(found).toBeGreaterThan(0);
    expect(found % 3).toBe(0);
    expect(orphans.at(0).limits[0]?.n).toBe(found);
  });
});

describe("lost sender of planned iterations", () => {
  it.each([
    // Worker 1 of 2: every second of 9 iterations, or of 3 users.
    ["shared-iterations", 9, 4],
    ["per-vu-iterations", 5, 5],
  ] as const)(
    "%s: those of its share that it had not begun are bad by generator",
    (executor, iterations, share) => {
      const s = { executor, vus: 3, iterations, maxDurationMs: 5000, request: get };
      const own: LoadPlan = { ...plan, scenarios: { s } };
      const made = (): Recorder => {
        const one = new Recorder(own);
        one.begin(0);
        return one;
      };
      const lost = made();
      for (let i = 0; i < 2; i++) {
        lost.at(0).release();
        count(lost, { intendedMs: 600, tookMs: 1, step: 0, outcome: "ok", rtt: 1 });
      }
      const orphans = made();
      const found = countOrphans(orphans, { recorder: lost, worker: 1, workers: 2, seed: 7 });
      expect(found).toBe(share - 2);
      orphans.add(lost);
      expect(orphans.accounts()[0]).toMatchObject({
        due: share,
        ok: 2,
        bad: { generator: share - 2 },
      });
    },
  );
});

describe("samples", () => {
  it("the slowest hundred are kept, whatever the order they came in", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e6 }), { maxLength: 400 }), (values) => {
        const slowest = new Slowest();
        for (const value of values) {
          if (slowest.wants(value)) slowest.add(value, rowOf(value));
        }
        const kept = slowest.rows().map(([value]) => value);
        const expected = values.toSorted((a, b) => b - a).slice(0, slowestMax);
        expect(kept).toEqual(expected);
      }),
    );
  });

  it("samples of all senders keep the bounds of one", () => {
    const failures = Array.from({ length: 7000 }, (_, i) => rowOf(i));
    const rows = Array.from({ length: slowestMax }, (_, i) => [i, rowOf(i)] as const);
    const one = { failures, failuresSeen: 9000, slowest: [{ claim: "c", part: "all", rows }] };
    const merged = mergeSamples([one, one]);
    expect(merged.failures).toHaveLength(failuresMax);
    expect(merged.failuresSeen).toBe(18_000);
    expect(merged.slowest).toHaveLength(1);
    expect(merged.slowest[0]?.rows.map(([value]) => value).slice(0, 4)).toEqual([99, 99, 98, 98]);
    expect(merged.slowest[0]?.rows).toHaveLength(slowestMax);
  });

  it("a recorder keeps each failure whole up to the bound and counts the rest", () => {
    const many = recorder(
      Array.from({ length: failuresMax + 5 }, (_, i) => {
        return { intendedMs: i % 5000, tookMs: 1, step: 0, outcome: "reset", rtt: 1 } as const;
      }),
    );
    const samples = many.samples();
    expect(samples.failures).toHaveLength(failuresMax);
    expect(samples.failuresSeen).toBe(failuresMax + 5);
    expect(samples.failures[7]).toMatchObject({ scenario: "s", intendedMs: 7, outcome: "reset" });
  });
});

function rowOf(intendedMs: number): SampleRow {
  const none = { status: 0, responseMs: null, serviceMs: null, ttftMs: null };
  return { scenario: "s", step: 0, index: 0, intendedMs, outcome: "reset", ...none };
}

describe("bounds", () => {
  it("memory is set by the plan, not by how many requests are counted", () => {
    const one = recorder();
    const bytes = (): number => one.arena.buffers.reduce((sum, b) => sum + b.byteLength, 0);
    const before = bytes();
    for (let i = 0; i < 20_000; i++) {
      count(one, { intendedMs: i % 5000, tookMs: i % 90, step: 0, outcome: "ok", rtt: 1 });
    }
    expect(bytes()).toBe(before);
    expect([...one.figures]).toHaveLength(1);
  });

  it("an hour and a day take the same slices, and no histogram more than 60 KB", () => {
    const sizes = [3_600_000, 24 * 3_600_000].map((durationMs) =>
      recorder([], planOf(durationMs)).arena.buffers.map(({ byteLength }) => byteLength),
    );
    const [hour = [], day = []] = sizes;
    expect(day.length).toBe(hour.length);
    const total = (all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0);
    expect(total(day)).toBeLessThanOrEqual(total(hour) * 1.01);
    expect(createHistogram().buffer.byteLength).toBeLessThanOrEqual(60_000);
  });

  it("figures past the cap of series go to one other, and how many is said", () => {
    const made: string[] = [];
    const figures = new Figures((_at, name) => made.push(name));
    for (let i = 0; i < 600; i++) figures.record(0, `figure ${i}`, i, false);
    expect(made).toHaveLength(512);
    expect(made.at(-1)).toBe(otherFigure);
    expect(figures.folded).toBe(600 - 511);
    const other = [...figures].find(([, name]) => name === otherFigure)?.[2];
    expect(other?.toSeries("s", otherFigure)).toMatchObject({ count: 89, min: 511, max: 599 });
  });
});
