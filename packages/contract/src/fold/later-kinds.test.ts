/** zero_loss, time_availability, window_slo and sequences: golden cases and laws. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge, makeClaim, short, spread, startRun, type TestRun } from "../../test/support.ts";
import { lossClasses } from "../evidence/record.ts";
import { foldVersionOf } from "../fold.ts";

const at = { stream: "stream", part: "all" };
const loss = makeClaim({ id: "loss", kind: "zero_loss" });
const noLoss = Object.fromEntries(lossClasses.map((name) => [name, 0]));
const ledger = { acked: 1_000, full: true, classes: noLoss, control: "caught" };
type Data = Readonly<Record<string, unknown>>;

const compare =
  (...all: readonly Data[]) =>
  (run: TestRun): void => {
    for (const one of all) {
      run.add({ kind: "ledger", claims: ["loss"], data: { ...at, ...ledger, ...one } });
    }
    run.close();
  };
const ofLoss = (...all: readonly Data[]): string => short(judge(loss, compare(...all)));

describe("zero_loss", () => {
  it("passes on a whole comparison of 1,000 acknowledged writes with a planted loss seen", () => {
    const claim = judge(loss, compare({}));
    expect(short(claim)).toBe("passed -");
    expect(claim).toMatchObject({ n: 1_000, bad: 0, observed: { value: 0, unit: "records" } });
    expect(claim.sentence).toContain("None of 1,000 acknowledged writes");
  });

  it.each(lossClasses)(
    "one %s write is a loss, also without control and beside clean ones",
    (name) => {
      const one = { classes: { ...noLoss, [name]: 1 } };
      expect(ofLoss(one)).toBe("failed loss");
      expect(ofLoss({ ...one, control: "none", full: false, acked: 3 })).toBe("failed loss");
      expect(ofLoss({}, one)).toBe("failed loss");
      expect(judge(loss, compare(one)).sentence).toContain(`1 ${name}`);
    },
  );

  it.each([
    ["999 acknowledged writes", { acked: 999 }],
    ["a comparison that did not reach the end", { full: false }],
    ["a planted loss that was missed", { control: "missed" }],
    ["no planted loss", { control: "none" }],
    ["a class that nobody counted", { classes: { lost: 0 } }],
  ])("%s shows nothing", (_, one) => {
    expect(ofLoss(one)).toBe("inconclusive control");
    expect(ofLoss({}, one)).toBe("inconclusive control");
  });

  it("a missing ledger is never a pass, and a loss counts before the sample is closed", () => {
    expect(short(judge(loss, () => undefined))).toBe("not_tested not_run");
    expect(short(judge(loss, (run) => void run.close()))).toBe("error silent");
    const open = (one: Data): string =>
      short(
        judge(loss, (run) => {
          run.add({ kind: "ledger", claims: ["loss"], data: { ...at, ...ledger, ...one } });
        }),
      );
    expect(open({})).toBe("not_tested cancelled");
    expect(open({ classes: { lost: 1 } })).toBe("failed loss");
  });

  it("a plan may ask for more writes than 1,000, not for fewer", () => {
    const asked = (min: number): string => short(judge({ ...loss, min }, compare({})));
    expect([asked(500), asked(1_000), asked(1_001)]).toEqual([
      "passed -",
      "passed -",
      "inconclusive control",
    ]);
  });

  it("what is no ledger is an error, never 0 lost", () => {
    for (const one of [
      { acked: "1000" },
      { classes: { ...noLoss, misplaced: 0 } },
      { classes: { lost: -1 } },
      { control: true },
      { full: "yes" },
    ]) {
      expect([one, ofLoss(one)]).toEqual([one, "error evidence"]);
    }
  });
});

const uptime = makeClaim({
  id: "uptime",
  kind: "time_availability",
  target: 0.99,
  limit: 5_000,
  unit: "ms",
});
/** -ln(0.05) x 5 s / 1 %. */
const needMs = 1_497_867;
const clean = { observedMs: 1_500_000, resolutionMs: 1_000, episodes: [] };
const watch =
  (...all: readonly Data[]) =>
  (run: TestRun): void => {
    for (const one of all) {
      run.add({ kind: "sample.episodes", claims: ["uptime"], data: { ...at, ...clean, ...one } });
    }
    run.close();
  };
const ofTime = (...all: readonly Data[]): string => short(judge(uptime, watch(...all)));
const down = (count: number, ms: number): readonly (readonly number[])[] =>
  Array.from({ length: count }, (_, index) => [index * 60_000, ms, ms]);

describe("time_availability", () => {
  it("passes at the clean time of the table and not one ms before; times of records add up", () => {
    expect(ofTime({ observedMs: needMs })).toBe("passed -");
    expect(ofTime({ observedMs: needMs - 1 })).toBe("inconclusive too_short");
    expect(ofTime({ observedMs: 1_000_000 }, { observedMs: 500_000 })).toBe("passed -");
    expect(judge(uptime, watch({ observedMs: 600_000 })).toProve).toContain("without an outage");
  });

  it("a single outage takes the proof, three that are too long are a failure", () => {
    expect(ofTime({ episodes: down(1, 100) })).toBe("inconclusive too_short");
    expect(ofTime({ episodes: down(2, 60_000) })).toBe("inconclusive too_short");
    expect(ofTime({ episodes: down(3, 5_001) })).toBe("failed limit");
    expect(ofTime({ episodes: down(3, 5_000) })).toBe("inconclusive too_short");
  });

  it("only time that was surely down refutes, and the figure is the worst it may have been", () => {
    const maybe = { episodes: down(3, 0).map(([from]) => [from, 100, 60_000]) };
    const claim = judge(uptime, watch(maybe));
    expect(short(claim)).toBe("inconclusive too_short");
    expect(claim.observed?.value).toBeCloseTo(1 - 180 / 1_500, 9);
    expect(claim.interval?.upper).toBeCloseTo(1 - 0.3 / 1_500, 9);
  });

  it("outages shorter than the prober sees prove nothing, and no time is none", () => {
    expect(ofTime({ resolutionMs: 5_000 })).toBe("passed -");
    expect(ofTime({ resolutionMs: 5_001 })).toBe("inconclusive resolution");
    expect(ofTime({ observedMs: 0 })).toBe("not_tested not_run");
    expect(short(judge(uptime, () => undefined))).toBe("not_tested not_run");
    expect(ofTime({ observedMs: -1 })).toBe("error evidence");
    expect(ofTime({ observedMs: 1_000, episodes: [[0, 2_000, 2_000]] })).toBe("error evidence");
    expect(ofTime({ episodes: [[0, 20, 10]] })).toBe("error evidence");
  });

  it("with outages of the stated length at the limit, a run passes in at most 5 of 100", () => {
    // Outages come at random; 1 % of the time is down in outages of 5 s each.
    const perMs = 0.01 / 5_000;
    const chance = (observedMs: number): number =>
      ofTime({ observedMs }) === "passed -" ? Math.exp(-perMs * observedMs) : 0;
    for (let ms = 1_000_000; ms < 2_000_000; ms += 50_000) {
      expect(chance(ms)).toBeLessThanOrEqual(0.05);
    }
    expect(chance(1_500_000)).toBeGreaterThan(0.049);
  });
});

const stored = makeClaim({ id: "stored", kind: "window_slo", target: 0.995 });
const hour = { good: 9_950, total: 10_000, present: 95, expected: 100, windowMs: 3_600_000 };
const read =
  (...all: readonly Data[]) =>
  (run: TestRun): void => {
    for (const one of all) {
      run.add({ kind: "sample.window", claims: ["stored"], data: { ...at, ...hour, ...one } });
    }
    run.close();
  };
const ofWindow = (...all: readonly Data[]): string => short(judge(stored, read(...all)));

describe("window_slo", () => {
  it("passes at its objective with 95 % of the samples, fails one event below", () => {
    expect(ofWindow({})).toBe("passed -");
    expect(ofWindow({ good: 9_949 })).toBe("failed limit");
    expect(ofWindow({ present: 94 })).toBe("inconclusive gaps");
    expect(judge(stored, read({})).observed).toMatchObject({ value: 0.995, n: 10_000 });
  });

  it("a hole hides no outage that is too long without it, and refutes nothing by itself", () => {
    expect(ofWindow({ good: 9_000, present: 50 })).toBe("failed limit");
    // 1 % bad in a tenth of the samples: 0.1 % of the window.
    expect(ofWindow({ good: 9_900, present: 10 })).toBe("inconclusive gaps");
    expect(ofWindow({ good: 0, total: 0, present: 0 })).toBe("inconclusive gaps");
  });

  it("no events are no good events, and each of several windows has to keep it", () => {
    expect(ofWindow({ good: 0, total: 0 })).toBe("not_tested not_run");
    expect(ofWindow({}, { good: 9_000 })).toBe("failed limit");
    expect(ofWindow({}, { good: 0, total: 0 })).toBe("not_tested not_run");
    expect(short(judge(stored, () => undefined))).toBe("not_tested not_run");
  });

  it("more good than total, more samples than expected and no window are errors", () => {
    for (const one of [
      { good: 10_001 },
      { present: 101 },
      { expected: 0, present: 0 },
      { windowMs: 0 },
      { total: Number.MAX_VALUE, good: -1 },
    ]) {
      expect([one, ofWindow(one)]).toEqual([one, "error evidence"]);
    }
  });
});

describe("mode: sequential", () => {
  const claim = makeClaim({ id: "c", kind: "proportion", target: 0.99, mode: "sequential" });
  const see = (...rows: readonly (readonly [number, number])[]) =>
    judge(claim, (run) => {
      const n = rows.reduce((sum, [count]) => sum + count, 0);
      const bad = rows.reduce((sum, [, worse]) => sum + worse, 0);
      run.tally("c", { n, bad, slices: rows });
      run.close();
    });

  it("passes after 488 clean ones, which a fixed size would have after 299", () => {
    expect(short(see(...spread(487, 0)))).toBe("inconclusive interval");
    const passed = see(...spread(488, 0));
    expect(short(passed)).toBe("passed -");
    expect(passed.sentence).toContain("sequential");
    expect(see(...spread(300, 0)).toProve).toBe("188 more requests, none bad (about 37.6 s)");
  });

  it("fails only what its samples prove to be over the limit, not what is merely no pass", () => {
    // At the limit itself: 10 or more come up in every second run.
    const even = see(...spread(1_000, 10));
    expect(short(even)).toBe("inconclusive interval");
    expect(even.sentence).toContain("too few to prove the opposite");
    expect(short(see(...spread(1_191, 11)))).toBe("inconclusive interval");
    expect(short(see(...spread(300, 30)))).toBe("failed limit");
  });

  it("a pass that all samples refute is a failure, and one from bursts is none", () => {
    const late = [...spread(488, 0), ...spread(500, 60)];
    expect(short(see(...late))).toBe("failed limit");
    const apart = [...spread(400, 1), ...spread(500, 1)];
    expect(short(see(...apart))).toBe("passed -");
    expect(short(see(...spread(100, 0), [10, 2], ...spread(800, 0)))).toBe(
      "inconclusive dependent",
    );
    const trials = makeClaim({ id: "t", kind: "trials", target: 0.9, mode: "sequential" });
    const run = startRun([trials]);
    for (let i = 0; i < 400; i++) run.observe("t", i % 200 < 100);
    run.close();
    run.end();
    expect(run.fold().claims[0]?.verdict).not.toBe("passed");
  });
});

describe("laws of the later kinds", () => {
  const classes = fc.record(
    Object.fromEntries(lossClasses.map((name) => [name, fc.constantFrom(0, 0, 0, 1)])),
    { requiredKeys: [] },
  );
  const ledgers = fc.record({
    acked: fc.constantFrom(0, 999, 1_000, 50_000),
    full: fc.boolean(),
    control: fc.constantFrom("caught", "missed", "none"),
    classes,
  });
  const times = fc.record({
    observedMs: fc.constantFrom(60_000, 600_000, 2_000_000),
    resolutionMs: fc.constantFrom(1_000, 6_000),
    episodes: fc.array(
      fc.integer({ min: 1, max: 15_000 }).map((ms) => [0, ms, ms]),
      { maxLength: 4 },
    ),
  });
  const windows = fc.record({
    good: fc.constantFrom(0, 9_000, 9_960),
    total: fc.constantFrom(9_960, 10_000),
    present: fc.constantFrom(0, 50, 100),
  });

  it.each([
    ["zero_loss", loss, ledgers, compare],
    ["window_slo", stored, windows, read],
  ] as const)(
    "of %s: more evidence never turns failed into another verdict",
    (_, claim, one, act) => {
      const arbitrary: fc.Arbitrary<Data> = one;
      const list = fc.array(arbitrary, { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(list, list, (first, more) => {
          if (judge(claim, act(...first)).verdict !== "failed") return;
          expect(judge(claim, act(...first, ...more)).verdict).toBe("failed");
        }),
        { numRuns: 60 },
      );
    },
  );

  it("of time_availability: more evidence never turns failed into passed", () => {
    fc.assert(
      fc.property(
        fc.array(times, { minLength: 1, maxLength: 3 }),
        fc.array(times, { maxLength: 3 }),
        (first, more) => {
          if (judge(uptime, watch(...first)).verdict === "passed") return;
          const after = judge(uptime, watch(...first, ...more)).verdict;
          const hadOutage = first.some(({ episodes }) => episodes.length > 0);
          if (hadOutage) expect(after).not.toBe("passed");
        },
      ),
      { numRuns: 60 },
    );
  });

  it("a skip, a broken check and a breached guard of their kind keep each from passing", () => {
    for (const [claim, act] of [
      [loss, compare({})],
      [uptime, watch({})],
      [stored, read({})],
    ] as const) {
      expect(judge(claim, act).verdict).toBe("passed");
      const also = (extra: (run: TestRun) => void): string =>
        judge(claim, (run) => {
          extra(run);
          act(run);
        }).verdict;
      expect(also((run) => run.add({ kind: "skip", claims: [claim.id], data: {} }))).toBe(
        "not_tested",
      );
      expect(also((run) => run.add({ kind: "check.error", claims: [claim.id], data: {} }))).toBe(
        "error",
      );
      const guard = { guard: "g", holds: false, kinds: [claim.kind], streams: ["*"], seen: "x" };
      expect(also((run) => run.add({ kind: "guard", data: guard }))).toBe("inconclusive");
    }
  });

  it("evidence of one kind is none of another", () => {
    const wrong = judge(loss, (run) => {
      run.add({ kind: "sample.window", claims: ["loss"], data: { ...at, ...hour } });
      run.close();
    });
    expect(short(wrong)).toBe("error evidence");
  });
});

describe("the fold's version", () => {
  const plan = (o: object) => ({
    ...startRun([makeClaim({ id: "a", kind: "predicate" })]).plan,
    ...o,
  });

  it("a plan that uses nothing of fold 3 keeps the documents of fold 2", () => {
    expect(foldVersionOf(plan({}))).toBe("2");
    expect(foldVersionOf(plan({ claims: [loss] }))).toBe("3");
    expect(
      foldVersionOf(plan({ claims: [{ ...stored, kind: "proportion", mode: "sequential" }] })),
    ).toBe("3");
    expect(foldVersionOf(plan({ maxAgeMs: 1 }))).toBe("3");
    expect(foldVersionOf(plan({ retries: 0 }))).toBe("3");
  });
});

describe("keys of the plan", () => {
  const up = makeClaim({ id: "up", kind: "predicate", accept: "imported" });

  it("maxAge decides when imported evidence is stale", () => {
    const seen = (maxAgeMs?: number): string => {
      const run = startRun([up]);
      const data = {
        ...at,
        ok: true,
        importedFrom: "other",
        measuredAt: "2026-04-12T08:15:00.000Z",
      };
      run.add({ kind: "observation", claims: ["up"], provenance: "imported", data });
      run.close();
      run.end();
      if (maxAgeMs !== undefined) Object.assign(run.plan, { maxAgeMs });
      const [claim] = run.fold().claims;
      return claim === undefined ? "" : `${short(claim)} ${claim.sentence}`;
    };
    expect(seen()).toMatch(/^passed/);
    expect(seen(3 * 3_600_000)).toMatch(/^passed/);
    expect(seen(3_600_000)).toMatch(/^not_tested stale .*older than 1 h 0 m/);
  });

  it("retries decides how often an attempt that reached nothing is made good", () => {
    const seen = (errors: number, retries?: number): string => {
      const run = startRun([makeClaim({ id: "up", kind: "predicate" })]);
      for (let attempt = 1; attempt <= errors; attempt++) {
        run.add({ kind: "check.error", claims: ["up"], data: { part: "all", attempt } });
      }
      run.observe("up", true);
      run.close();
      run.end();
      if (retries !== undefined) Object.assign(run.plan, { retries });
      return run.fold().claims[0]?.verdict ?? "";
    };
    expect([seen(1), seen(2), seen(3)]).toEqual(["passed", "passed", "error"]);
    expect([seen(0, 0), seen(1, 0)]).toEqual(["passed", "error"]);
    expect([seen(1, 1), seen(2, 1)]).toEqual(["passed", "error"]);
  });
});
