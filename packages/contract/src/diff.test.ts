import { describe, expect, test } from "vitest";
import { makeClaim, startRun, type TestRun } from "../test/support.ts";
import type { Claim } from "./claim.ts";
import { type DiffSide, diffRuns, type Loosened, loosenedClaims, trendRuns } from "./diff.ts";

const side = (run: TestRun): DiffSide => ({
  plan: run.plan,
  records: run.records,
  verdict: run.fold(),
});

const base = makeClaim({ id: "up", kind: "predicate" });
const quantile = makeClaim({ id: "p99", kind: "quantile", target: 0.99, limit: 2_000, unit: "ms" });

function made(o: { ok?: boolean; claims?: readonly Claim[]; name?: string } = {}): TestRun {
  const run = startRun(o.claims ?? [base, quantile], o.name ?? "run-1");
  run.observe("up", o.ok ?? true);
  run.close();
  run.end();
  return run;
}

describe("diffRuns", () => {
  test("equal runs differ in nothing", () => {
    const diff = diffRuns(side(made()), side(made()));
    expect(diff).toMatchObject({ samePlan: true, sameTarget: true, sameMachine: true });
    expect(diff.claims.map(({ change }) => change)).toEqual(["unchanged", "unchanged"]);
    expect([...diff.loosened, ...diff.changedChecks]).toEqual([]);
  });

  test("a worse, a better, a new and a gone verdict are named", () => {
    const [good, bad] = [side(made()), side(made({ ok: false }))];
    expect(diffRuns(good, bad).claims[0]?.change).toBe("worse");
    expect(diffRuns(bad, good).claims[0]?.change).toBe("better");
    const less = side(made({ claims: [base] }));
    expect(diffRuns(good, less).claims[1]?.change).toBe("gone");
    expect(diffRuns(less, good).claims[1]?.change).toBe("new");
  });

  test.each<[string, Partial<Claim>]>([
    ["target", { target: 0.95 }],
    ["limit", { limit: 3_000 }],
    ["confidence", { confidence: 0.9 }],
    ["claim", { required: false }],
    ["evidence", { accept: "imported" }],
  ])("a %s that asks less is loosened, the other way it is not", (what, change) => {
    const strict = side(made());
    const lax = side(made({ claims: [base, { ...quantile, ...change }] }));
    expect(diffRuns(strict, lax).loosened.map((one) => one.what)).toEqual([what]);
    expect(diffRuns(lax, strict).loosened).toEqual([]);
  });

  test.each<[string, Partial<Claim>, string]>([
    ["kind", { kind: "mean" }, "quantile -> mean"],
    ["stream", { of: "load.stream.response_time" }, "stream -> load.stream.response_time"],
  ])(
    "a claim that keeps its name and changes its %s asks something else",
    (what, change, moved) => {
      const before = side(made());
      const after = side(made({ claims: [base, { ...quantile, ...change }] }));
      const said = (one: Loosened) => [one.what, `${one.from} -> ${one.to}`];
      expect(diffRuns(before, after).loosened.map(said)).toEqual([[what, moved]]);
      expect(diffRuns(after, before).loosened.map((one) => one.what)).toEqual([what]);
    },
  );

  test("shorter outages ask less of the time up, longer ones do not", () => {
    const of = (limit: number) =>
      side(made({ claims: [{ ...quantile, kind: "time_availability", limit }] }));
    expect(diffRuns(of(30_000), of(5_000)).loosened.map((one) => one.what)).toEqual(["limit"]);
    expect(diffRuns(of(5_000), of(30_000)).loosened).toEqual([]);
  });

  test("a removed part and a removed claim are loosened", () => {
    const wide = { ...base, parts: ["a", "b"] };
    const from = side(made({ claims: [wide, quantile] }));
    const to = side(made({ claims: [{ ...base, parts: ["a"] }] }));
    expect(diffRuns(from, to).loosened.map((one) => `${one.claim} ${one.what}`)).toEqual([
      "up parts",
      "p99 claim",
    ]);
  });

  test("many removed parts are counted, few are named", () => {
    const parts = (count: number) => Array.from({ length: count }, (_, at) => `w${at + 61}`);
    const lost = (count: number) => {
      const before = { claims: [{ ...base, parts: [...base.parts, ...parts(count)] }] };
      return loosenedClaims(before, { claims: [base] });
    };
    expect(lost(3_540)).toEqual([
      { claim: "up", what: "parts", from: "3540 parts, w61 first", to: "removed" },
    ]);
    expect(lost(3)).toMatchObject([{ from: "w61, w62, w63" }]);
  });

  test("a check with another digest is named and its claims are not joined", () => {
    const [a, b] = [made(), made()];
    b.records.forEach((record, index) => {
      b.records[index] = { ...record, by: { ...record.by, digest: "d2" } };
    });
    const diff = diffRuns(side(a), { ...side(b), verdict: b.fold() });
    expect(diff.changedChecks).toEqual([{ check: "probe.mini", from: "version 1", to: "d2" }]);
    expect(diff.claims[0]?.broken).toContain("another check");
  });
});

test("a trend keeps gaps and cuts the line where the limit changed", () => {
  const runs = [
    side(made({ name: "1", claims: [base] })),
    side(made({ name: "2" })),
    side(made({ name: "3", claims: [base, { ...quantile, limit: 3_000 }] })),
  ];
  const row = trendRuns(runs).find(({ claim }) => claim === "p99");
  expect(row?.points.map((point) => point.side?.verdict ?? null)).toEqual([null, "error", "error"]);
  expect(row?.points.map(({ breaks }) => breaks.length)).toEqual([0, 0, 1]);
});
