import { describe, expect, test } from "vitest";
import { judge, makeClaim, makePlan, short, spread, startRun } from "../test/support.ts";
import { fold } from "./fold.ts";
import type { ClaimVerdict } from "./report-model.ts";

const up = makeClaim({ id: "up", kind: "predicate" });
const success = makeClaim({ id: "success", kind: "proportion", target: 0.99 });
const p99 = makeClaim({ id: "p99", kind: "quantile", target: 0.99, limit: 2_000, unit: "ms" });

describe("outcome", () => {
  test("no record at all is NOT_PROVEN with every claim not_tested", () => {
    const o = { chainHead: "h", planDigest: "p", now: "2026-04-12T10:15:00.000Z" };
    const document = fold(makePlan([up, success]), [], o);
    expect(document.outcome).toBe("NOT_PROVEN");
    expect(document.claims.map(short)).toEqual(["not_tested not_run", "not_tested not_run"]);
    expect(document.exitCode).toBe(2);
    expect(document.startedAt).toBe(o.now);
  });

  test("READY needs every required claim passed and the closing record", () => {
    const run = startRun([up]);
    run.observe("up", true);
    run.close();
    expect(run.fold().outcome).toBe("NOT_PROVEN");
    run.end();
    expect(run.fold()).toMatchObject({ outcome: "READY", exitCode: 0, coverage: 1 });
  });

  test("a cancelled run is not READY even when every claim passed", () => {
    const run = startRun([up]);
    run.observe("up", true);
    run.close();
    run.end("cancelled");
    expect(run.fold().outcome).toBe("NOT_PROVEN");
  });

  test("one required claim refuted is NOT_READY, an optional one is shown and not counted", () => {
    const run = startRun([up, { ...success, required: false }]);
    run.observe("up", true);
    run.tally("success", { n: 100, bad: 50 });
    run.close();
    run.end();
    const document = run.fold();
    expect(document.claims.map(short)).toEqual(["passed -", "failed limit"]);
    expect(document.outcome).toBe("READY");
    expect(document.counts).toMatchObject({ required: 1, decided: 1, passed: 1, failed: 0 });
    const failing = startRun([up]);
    failing.observe("up", false);
    failing.close();
    failing.end();
    expect(failing.fold()).toMatchObject({ outcome: "NOT_READY", exitCode: 1 });
  });

  test("a plan of optional claims alone is never READY", () => {
    const run = startRun([{ ...up, required: false }]);
    run.observe("up", true);
    run.close();
    run.end();
    expect(run.fold()).toMatchObject({ outcome: "NOT_PROVEN", coverage: null });
  });
});

describe("predicate", () => {
  test("some attempts false is failed(flaky), all false is failed(false)", () => {
    const mixed = judge(up, (run) => [true, false, true].forEach((ok) => run.observe("up", ok)));
    expect(short(mixed)).toBe("failed flaky");
    expect(mixed).toMatchObject({ n: 3, bad: 1 });
    expect(short(judge(up, (run) => run.observe("up", false)))).toBe("failed false");
  });

  test("fewer observations than min is not_tested", () => {
    const claim = { ...up, min: 3 };
    const verdict = judge(claim, (run) => (run.observe("up", true), run.close()));
    expect(short(verdict)).toBe("not_tested not_run");
  });

  test("a check that ends without an observation is error(silent)", () => {
    expect(short(judge(up, (run) => run.close()))).toBe("error silent");
  });

  test("an unclosed sample is not_tested(cancelled)", () => {
    expect(short(judge(up, (run) => run.observe("up", true)))).toBe("not_tested cancelled");
  });

  test("the command of the failing attempt is the one to reproduce", () => {
    const verdict = judge(up, (run) =>
      run.add({
        kind: "observation",
        claims: ["up"],
        data: { stream: "stream", part: "all", ok: false, reproduce: ["curl", "-i", "$URL"] },
      }),
    );
    expect(verdict.reproduce).toEqual(["curl", "-i", "$URL"]);
  });
});

describe("proportion", () => {
  const decide = (n: number, bad: number, more: Record<string, unknown> = {}): ClaimVerdict =>
    judge(success, (run) => {
      run.tally("success", { n, bad, slices: spread(n, bad), ...more });
      run.close();
    });

  test("298 clean requests do not prove 99 %, 299 do", () => {
    expect(short(decide(298, 0))).toBe("inconclusive interval");
    expect(decide(298, 0).toProve).toMatch(/^1 more request, none bad/);
    expect(short(decide(299, 0))).toBe("passed -");
    expect(decide(299, 0).toProve).toBe("");
  });

  test("one bad of 312 needs 161 more", () => {
    expect(decide(312, 1).toProve).toMatch(/^161 more requests, none bad/);
  });

  test("3 bad of 100 is undecided, 4 prove the opposite", () => {
    expect(short(decide(100, 3))).toBe("inconclusive interval");
    expect(short(decide(100, 4))).toBe("failed limit");
  });

  test("samples without a value are counted both ways", () => {
    expect(short(decide(299, 0, { undefined: 1 }))).toBe("inconclusive gaps");
    expect(short(decide(473, 0, { undefined: 1 }))).toBe("passed -");
  });

  test("tallies of one part add up", () => {
    const verdict = judge(success, (run) => {
      run.tally("success", { n: 150, bad: 0, slices: spread(150, 0) });
      run.tally("success", { n: 149, bad: 0, slices: spread(149, 0) });
      run.close();
    });
    expect(verdict).toMatchObject({ verdict: "passed", n: 299 });
  });

  test("two bad events in one second are one episode and prove nothing", () => {
    const slices = spread(1_000, 0);
    slices[30] = [slices[30]?.[0] ?? 0, 2];
    expect(short(decide(1_000, 2, { slices }))).toBe("inconclusive dependent");
    expect(short(decide(1_000, 2))).toBe("passed -");
  });

  test("a burst takes a pass away, and a failure that thinning does not leave", () => {
    const burst = spread(3_000, 0);
    burst[30] = [burst[30]?.[0] ?? 0, 20];
    expect(short(decide(3_000, 20, { slices: burst }))).toBe("inconclusive dependent");
    burst[30] = [burst[30]?.[0] ?? 0, 45];
    expect(short(decide(3_000, 45, { slices: burst }))).toBe("inconclusive dependent");
    const steady = spread(3_000, 60, 60);
    expect(short(decide(3_000, 60, { slices: steady }))).toBe("failed limit");
  });

  test("a load sample of nothing is not_tested, never met", () => {
    expect(short(decide(0, 0, { slices: [] }))).toBe("not_tested not_run");
    expect(decide(0, 0, { slices: [] }).observed?.value).toBeNull();
  });

  test("evidence after the closing of its sample is error(evidence)", () => {
    const verdict = judge(success, (run) => {
      run.tally("success", { n: 299, bad: 0 });
      run.close();
      run.tally("success", { n: 10_000, bad: 0 });
    });
    expect(short(verdict)).toBe("error evidence");
    expect(verdict.n).toBe(299);
  });
});

describe("quantile", () => {
  const decide = (data: Record<string, unknown>): ClaimVerdict =>
    judge(p99, (run) => {
      run.tally("p99", { n: 299, bad: 0, limitMs: 2_000, observedMs: 840, upperMs: 910, ...data });
      run.close();
    });

  test("passes by the share under the limit and shows order statistics", () => {
    const verdict = decide({});
    expect(verdict.verdict).toBe("passed");
    expect(verdict.observed).toMatchObject({ value: 840, unit: "ms", n: 299 });
    expect(verdict.limit).toMatchObject({ value: 2_000, provenance: "declared" });
    expect(verdict.interval).toMatchObject({ lower: null, upper: 910 });
  });

  test("a tally counted against another limit is error(evidence)", () => {
    expect(short(decide({ limitMs: 3_000 }))).toBe("error evidence");
  });
});

test("trials count attempts: 29 of 29 prove 90 %, 28 do not", () => {
  const claim = makeClaim({ id: "recovers", kind: "trials", target: 0.9 });
  const decide = (n: number): string =>
    short(
      judge(claim, (run) => {
        for (let i = 0; i < n; i++) run.observe("recovers", true);
        run.close();
      }),
    );
  expect(decide(29)).toBe("passed -");
  expect(decide(28)).toBe("inconclusive interval");
});

describe("bound", () => {
  const claim = makeClaim({ id: "rto", kind: "bound", limit: 10, unit: "s" });
  const decide = (...values: [number, number, number][]): string =>
    short(
      judge(claim, (run) => {
        for (const [lower, upper, resolution] of values) {
          const data = { stream: "stream", part: "all", lower, upper, resolution };
          run.add({ kind: "value", claims: ["rto"], data });
        }
        run.close();
      }),
    );

  test("passes below the limit, fails over it, and is undecided across or too coarse", () => {
    expect(decide([8, 9, 1], [3, 4, 1])).toBe("passed -");
    expect(decide([8, 9, 1], [10.5, 11, 0.5])).toBe("failed limit");
    expect(decide([9.5, 10.5, 1])).toBe("inconclusive resolution");
    expect(decide([2, 4, 2])).toBe("inconclusive resolution");
  });
});

test("coverage passes with every item, fails with one false, and is untested with one missing", () => {
  const claim = makeClaim({ id: "routes", kind: "coverage", items: ["chat", "models"] });
  const decide = (items: Record<string, boolean>): string =>
    short(
      judge(claim, (run) => {
        for (const [item, observed] of Object.entries(items)) {
          const data = { stream: "stream", part: "all", item, observed };
          run.add({ kind: "item", claims: ["routes"], data });
        }
        run.close();
      }),
    );
  expect(decide({ chat: true, models: true })).toBe("passed -");
  expect(decide({ chat: true, models: false })).toBe("failed false");
  expect(decide({ chat: true })).toBe("not_tested not_run");
});
