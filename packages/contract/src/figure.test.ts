import { expect, test } from "vitest";
import { judge, makeClaim, spread } from "../test/support.ts";
import {
  formatDecided,
  formatDuration,
  formatFigure,
  formatInterval,
  formatNumber,
  formatObserved,
  formatRatio,
  formatValue,
} from "./figure.ts";
import type { Figure } from "./report-model.ts";

const figure = (value: number | null, unit: string, resolution?: number): Figure => ({
  value,
  unit,
  provenance: "measured",
  refs: [],
  ...(resolution !== undefined && { resolution }),
});

test("an absent figure is a word, one below the resolution is a bound", () => {
  expect(formatFigure(figure(null, "ms"))).toBe("not measured");
  expect(formatFigure(figure(Number.NaN, "ms"))).toBe("not measured");
  expect(formatFigure(figure(0.2, "ms", 1))).toBe("< 1 ms");
  expect(formatFigure(figure(0, "ms", 1))).toBe("< 1 ms");
  expect(formatFigure(figure(1, "ms", 1))).toBe("1 ms");
  expect(formatFigure(figure(0, "records"))).toBe("0 records");
});

test("ratios print as per cent and are never rounded to 0 % or 100 %", () => {
  const seen = [0, 0.5, 0.995, 0.9995, 0.99996, 0.9999999, 1, 0.00004, 0.36788].map(formatRatio);
  expect(seen).toEqual([
    "0 %",
    "50 %",
    "99.5 %",
    "99.95 %",
    "99.996 %",
    "99.99999 %",
    "100 %",
    "0.004 %",
    "36.8 %",
  ]);
});

test("durations take the unit a reader expects", () => {
  const seen = [0, 0.4213, 840, 999.6, 1_713, 59_960, 192_000, 3_600_000, 7_500_000].map(
    formatDuration,
  );
  expect(seen).toEqual([
    "0 ms",
    "0.421 ms",
    "840 ms",
    "1 s",
    "1.71 s",
    "1 m 0 s",
    "3 m 12 s",
    "1 h 0 m",
    "2 h 5 m",
  ]);
});

test("numbers group by thousands, the same in every locale", () => {
  const seen = [0, 7, 1_204, 12_345_678, 1_234.5, 3.14159, 0.0123, -1_500].map(formatNumber);
  expect(seen).toEqual(["0", "7", "1,204", "12,345,678", "1,235", "3.14", "0.0123", "-1,500"]);
  expect(formatValue(2, "s")).toBe("2 s");
  expect(formatValue(5, "records")).toBe("5 records");
  expect(formatValue(5, "")).toBe("5");
});

test("one-sided intervals show the side they bound", () => {
  const interval = (lower: number | null, upper: number | null, unit = "ratio"): string =>
    formatInterval({ lower, upper, confidence: 0.95, unit });
  expect(interval(0.99, 0.999)).toBe("99 %..99.9 % (95 % one-sided)");
  expect(interval(null, 2_310, "ms")).toBe("<= 2.31 s (95 % one-sided)");
  expect(interval(0.95, null)).toBe(">= 95 % (95 % one-sided)");
  expect(interval(null, null)).toBe("not measured");
});

test("a predicate held or did not, of so many; any other kind gives its figure, else its counts", () => {
  const ratio: Figure = { value: 1, unit: "ratio", n: 1, provenance: "measured", refs: [] };
  const seen = (n: number, bad: number): string =>
    formatObserved({ kind: "predicate", observed: ratio, n, bad });
  expect([seen(0, 0), seen(1, 0), seen(1, 1), seen(3, 0), seen(1_200, 1)]).toEqual([
    "not measured",
    "held",
    "did not hold",
    "held 3 of 3",
    "held 1,199 of 1,200",
  ]);
  const other = { kind: "proportion", n: 1, bad: 0 } as const;
  expect(formatObserved({ ...other, observed: ratio })).toBe("100 %");
  expect(formatObserved({ ...other, observed: null })).toBe("0 of 1 bad");
  expect(formatObserved({ ...other, n: 0, observed: null })).toBe("not measured");
  expect(formatObserved({ ...other, kind: "mean", observed: null })).toBe("not measured");
});

const parts = ["w1", "w2", "w3"];
const windows = { id: "p99", kind: "quantile", target: 0.9, limit: 100, unit: "ms" } as const;

/** A percentile over three windows of 200 requests or as given, so many of each over the limit. */
const overWindows = (bads: readonly number[], first = 200) =>
  judge(makeClaim({ ...windows, over: 60_000, parts }), (run) => {
    for (const [at, part] of parts.entries()) {
      const n = at === 0 ? first : 200;
      const bad = bads[at] ?? 0;
      run.tally("p99", { part, n, bad, slices: spread(n, bad, n < 60 ? 1 : 60), limitMs: 100 });
      run.close(part);
    }
  });

test("a percentile over windows says what decided it: the worst window's bad of n", () => {
  const passed = overWindows([0, 4, 2]);
  expect(passed.verdict).toBe("passed");
  expect(formatDecided(passed)).toBe("4 of 200 bad, the worst of 3");
  const failed = overWindows([0, 90, 60]);
  expect(failed.verdict).toBe("failed");
  expect(formatDecided(failed)).toBe("90 of 200 bad, the worst of 3");
  const [, second] = passed.parts;
  if (second === undefined) throw new Error("no part");
  expect(formatDecided({ ...second, kind: "quantile" })).toBe("4 of 200 bad");
});

test("a window too small to decide is not the one that decided, and none without a request is", () => {
  const failed = overWindows([2, 60, 4], 3);
  expect(failed.parts.map(({ verdict }) => verdict)).toEqual(["inconclusive", "failed", "passed"]);
  expect(formatDecided(failed)).toBe("60 of 200 bad, the worst of 3");
  const empty = overWindows([0, 4, 4], 0);
  expect(empty.verdict).toBe("not_tested");
  expect(formatDecided(empty)).toBe("not measured");
});

test("what is kept beside a bundle stays as it was: the figure alone, or that there is none", () => {
  const passed = overWindows([0, 4, 2]);
  expect(passed.observed?.value).toBeNull();
  expect(formatObserved(passed)).toBe("not measured");
  const one = { ...passed, observed: figure(84, "ms") };
  expect([formatObserved(one), formatDecided(one)]).toEqual(["84 ms", "84 ms"]);
});
