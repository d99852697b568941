import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFloatWhole } from "./float.ts";
import { markPosition, parseThreshold } from "./grammar.ts";
import { operators, words } from "./threshold.ts";

/** Every expression with what k6 makes of it: method, percentile, operator, value. */
const k6Corpus: readonly (readonly [string, string, number | null, string, number])[] = [
  ["count>20", "count", null, ">", 20],
  ["count<100", "count", null, "<", 100],
  ["count>=1", "count", null, ">=", 1],
  ["count==0", "count", null, "==", 0],
  ["count===0", "count", null, "===", 0],
  ["count!=3", "count", null, "!=", 3],
  ["rate<0.01", "rate", null, "<", 0.01],
  ["rate<=0.1", "rate", null, "<=", 0.1],
  ["rate>0.95", "rate", null, ">", 0.95],
  ["rate>=.9", "rate", null, ">=", 0.9],
  ["rate==1", "rate", null, "==", 1],
  ["value<1000", "value", null, "<", 1000],
  ["value>0", "value", null, ">", 0],
  ["avg<200", "avg", null, "<", 200],
  ["avg < 200", "avg", null, "<", 200],
  ["  avg<200", "avg", null, "<", 200],
  ["avg<200  ", "avg", null, "<", 200],
  ["\tavg\t<\t200\n", "avg", null, "<", 200],
  ["min>=10", "min", null, ">=", 10],
  ["max<3e3", "max", null, "<", 3000],
  ["max<5e2", "max", null, "<", 500],
  ["max<5E+2", "max", null, "<", 500],
  ["max<+500", "max", null, "<", 500],
  ["min>-5", "min", null, ">", -5],
  ["max<500.", "max", null, "<", 500],
  ["max<0x1p8", "max", null, "<", 256],
  ["max<0X1.8P1", "max", null, "<", 3],
  ["med<250", "med", 0.5, "<", 250],
  ["p(90)<300", "p", 0.9, "<", 300],
  ["p(95) < 500", "p", 0.95, "<", 500],
  ["p(99.9)<2000", "p", 0.999, "<", 2000],
  ["p(99.99)<=2000", "p", 0.9999, "<=", 2000],
  ["p(0)>1", "p", 0, ">", 1],
  ["p(100)<9000", "p", 1, "<", 9000],
  ["p(5e1)<100", "p", 0.5, "<", 100],
  ["p(+95)<100", "p", 0.95, "<", 100],
  ["p(.5)<100", "p", 0.005, "<", 100],
  [" p(95) > 100 ", "p", 0.95, ">", 100],
];

const k6Refuses: readonly (readonly [string, number])[] = [
  ["count!20", 8],
  ["foo>20", 0],
  ["count>abc", 6],
  ["p()<1", 2],
  ["p( 95)<200", 2],
  ["p(95 )<200", 2],
  ["p(99<1", 0],
  ["p(foo)<1", 2],
  ["p(-1)<1", 2],
  ["p(101)<1", 2],
  ["p(NaN)<1", 2],
  ["p(+Inf)<1", 2],
  ["P(95)<200", 0],
  ["avg <", 5],
  ["<200", 0],
  ["", 0],
  ["p95<200", 0],
  ["avg<200ms200", 7],
  ["avg<1_000", 5],
  ["avg<200 and p(95)<3", 8],
];

describe("k6's threshold expressions", () => {
  it.each(k6Corpus)("%j reads as k6 reads it", (text, aggregation, quantile, operator, value) => {
    expect(parseThreshold(text)).toMatchObject({
      ok: true,
      threshold: {
        aggregation,
        quantile,
        operator,
        limit: { kind: "value", value, unit: null },
        clauses: {},
      },
    });
  });

  it.each(k6Refuses)("%j is refused at column %i, counted from 0", (text, at) => {
    const parsed = parseThreshold(text);
    expect(parsed).toMatchObject({ ok: false, problem: { at } });
    if (!parsed.ok) expect(markPosition(text, parsed.problem.at)).toContain(">>>");
  });

  it("property: method, operator and number in any spacing come back unchanged", () => {
    const method = fc.oneof(
      fc.constantFrom(...words),
      fc.integer({ min: 0, max: 1000 }).map((n) => `p(${n / 10})`),
    );
    const space = fc.constantFrom("", " ", "   ", "\t");
    const number = fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, -1, 0.5),
    );
    fc.assert(
      fc.property(
        fc.tuple(space, method, space, fc.constantFrom(...operators), space, number, space),
        ([a, name, b, operator, c, value, d]) => {
          const parsed = parseThreshold(`${a}${name}${b}${operator}${c}${value}${d}`);
          expect(parsed.ok && parsed.threshold.operator).toBe(operator);
          const limit = parsed.ok ? parsed.threshold.limit : null;
          expect(limit?.kind === "value" && limit.value === value).toBe(true);
        },
      ),
    );
  });

  it("property: no text makes the reader throw, and a problem lies inside the text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const parsed = parseThreshold(text);
        if (!parsed.ok) {
          expect(parsed.problem.at).toBeGreaterThanOrEqual(0);
          expect(parsed.problem.at).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });
});

describe("what is ours on top", () => {
  it.each([
    ["p(99)<2s", 2, "s"],
    ["p(99)<1500ms", 1500, "ms"],
    ["p(99)<250us", 250, "us"],
    ["max<1m", 1, "m"],
    ["rate<0.5%", 0.5, "%"],
    ["rate<0.5 %", 0.5, "%"],
    ["rate>20/s", 20, "/s"],
    ["p(99)<2S", 2, "s"],
  ])("%j has the unit %j", (text, value, unit) => {
    const parsed = parseThreshold(text);
    expect(parsed.ok && parsed.threshold.limit).toEqual({ kind: "value", value, unit });
  });

  it("a baseline has a share in per cent", () => {
    const parsed = parseThreshold("p(95)<baseline+10%");
    expect(parsed.ok && parsed.threshold.limit).toEqual({ kind: "baseline", share: 0.1 });
    expect(parseThreshold("p(95)<baseline + 2.5 %").ok).toBe(true);
    expect(parseThreshold("p(95)<baseline+10")).toMatchObject({ ok: false, problem: { at: 15 } });
    expect(parseThreshold("p(95)<baseline+-1%").ok).toBe(false);
  });

  it("clauses follow the limit in any order, each once", () => {
    const text = "p(99)<2s over(60s) for(30s) min_samples(500) confidence(0.99) clock(sent)";
    const parsed = parseThreshold(text);
    expect(parsed.ok && parsed.threshold.clauses).toEqual({
      overMs: 60_000,
      forMs: 30_000,
      minSamples: 500,
      confidence: 0.99,
      clock: "sent",
    });
    expect(parseThreshold("p(99)<2s clock(sent) over(1m)").ok).toBe(true);
  });

  it.each([
    ["p(99)<2s over(60s) over(30s)", 19],
    ["p(99)<2s over(500ms)", 9],
    ["p(99)<2s over(sixty)", 9],
    ["p(99)<2s confidence(0.5)", 9],
    ["p(99)<2s min_samples(0)", 9],
    ["p(99)<2s clock(wall)", 9],
    ["p(99)<2s within(3s)", 9],
    ["p(99)<2sover(60s)", 7],
    ["p(99)<2s  garbage", 10],
  ])("%j is refused at column %i", (text, at) => {
    expect(parseThreshold(text)).toMatchObject({ ok: false, problem: { at } });
  });

  it.each([
    ["min_samples", ["1", "999999999"], ["0", "-1", "1.5", "x", "", "1000000000"]],
    ["confidence", ["0.9", "0.999"], ["0.8999", "0.9991", "1", "x", ""]],
    ["over", ["1s", "1000ms", "1h"], ["999ms", "1", "1d", ""]],
    ["for", ["0s", "1ms", "0.5s"], ["-1s", "x", ""]],
    ["clock", ["intended", "sent"], ["", "Intended"]],
  ])("%s() takes %j and refuses %j", (name, taken, refused) => {
    const isRead = (argument: string): boolean =>
      parseThreshold(`p(99)<2s ${name}(${argument})`).ok;
    expect(taken.filter((argument) => !isRead(argument))).toEqual([]);
    expect(refused.filter(isRead)).toEqual([]);
  });

  it("a text of a thousand characters is refused before it is read", () => {
    expect(parseThreshold(`avg<${"1".repeat(1000)}`)).toMatchObject({ ok: false });
  });

  it("infinity is no limit: nothing could cross it", () => {
    for (const text of ["Inf", "+Inf", "NaN", "infinity", "1e999"]) {
      expect(parseFloatWhole(text)).toBeNull();
    }
  });
});
