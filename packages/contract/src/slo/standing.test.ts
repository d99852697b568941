import { describe, expect, test } from "vitest";
import { budgetOf, type BudgetPoint } from "./budget.ts";
import { countsOf, isHalfTold } from "./counts.ts";
import { judgeSlos } from "./judge.ts";
import { dayMs, hourMs, plainSlo, type Slo } from "./model.ts";
import { isSelected, isSelectorText, readSamples, readSelector } from "./selector.ts";

const slo: Slo = plainSlo({
  id: "availability",
  service: "gateway",
  sli: { kind: "ratio", bad: 'calls{code=~"5.."}', total: "calls" },
  objective: 0.995,
  windowMs: 30 * dayMs,
});
const latency: Slo = {
  ...slo,
  id: "p99",
  objective: 0.99,
  sli: { kind: "latency", underMs: 2000, histogram: "took" },
};
const page = (good: number, bad: number): ReturnType<typeof readSamples> =>
  readSamples(`calls{code="200"} ${good}\ncalls{code="502"} ${bad}\n`);

describe("a verdict by one page", () => {
  const of = (one: Slo, text: string): string[] =>
    judgeSlos([one], readSamples(text)).map(({ verdict, n }) => `${verdict} ${n}`);

  test("the exact counts of the tables decide, nothing below them", () => {
    const at = (n: number, bad: number): string | undefined =>
      judgeSlos([slo], page(n - bad, bad))[0]?.verdict;
    expect([at(597, 0), at(598, 0), at(1000, 1), at(1000, 2), at(1000, 9), at(1000, 10)]).toEqual([
      "inconclusive",
      "passed",
      "passed",
      "inconclusive",
      "inconclusive",
      "failed",
    ]);
  });

  test("what the page does not tell is not tested, never 0 and met", () => {
    expect(of(slo, 'calls{code="200"} 9000')).toEqual(["not_tested 0"]);
    expect(of(slo, "")).toEqual(["not_tested 0"]);
    expect(of(slo, 'calls{code="502"} 0')).toEqual(["not_tested 0"]);
    expect(of(latency, "took_count 9000")).toEqual(["not_tested 0"]);
    for (const sli of [
      { kind: "loss" },
      { kind: "throughput", minPerSecond: 1 },
      { kind: "freshness", withinMs: 1 },
    ] as const) {
      expect(of({ ...slo, sli }, "calls 1")).toEqual(["not_tested 0"]);
    }
    const sliced: Slo = { ...slo, method: { kind: "timeslices", sliceMs: 60_000, target: 0.9 } };
    expect(judgeSlos([sliced], page(9000, 0))[0]?.verdict).toBe("not_tested");
  });

  test("a share under a time is counted by its bucket, written either way", () => {
    expect(of(latency, 'took_count 1000\ntook_bucket{le="2.0"} 996')).toEqual(["passed 1000"]);
    expect(of(latency, 'took_count 1000\ntook_bucket{le="2"} 984')).toEqual(["failed 1000"]);
    expect(of(latency, 'took_count 10\ntook_bucket{le="2"} 11')).toEqual(["not_tested 0"]);
  });

  test("a lost record fails, none lost is a matter of drills", () => {
    const loss: Slo = { ...slo, objective: 1, sli: { kind: "loss", lost: "lost" } };
    expect(of(loss, "lost 1")).toEqual(["failed 1"]);
    expect(of(loss, "lost 0")).toEqual(["not_tested 0"]);
  });

  test("what is missing to a proof is told", () => {
    expect(judgeSlos([slo], page(99, 1))[0]?.text).toBe(
      "1 bad of 100, 99.5 % good ones are promised; with so many bad 947 are needed to prove it",
    );
  });

  test("good events are the complement of bad ones", () => {
    const good = { kind: "ratio", good: 'calls{code="200"}', total: "calls" } as const;
    expect(countsOf(good, page(7, 3))).toEqual({ events: 10, bad: 3 });
    expect(countsOf({ kind: "ratio", total: "calls" }, page(7, 3))).toBe(null);
  });
});

describe("a page that has events and not their failures", () => {
  const of = (one: Slo, text: string): boolean => isHalfTold(one.sli, readSamples(text));

  test("is told from one that has both, and from one that has neither", () => {
    expect(of(slo, 'calls{code="200"} 9')).toBe(true);
    expect(of(slo, 'calls{code="200"} 9\ncalls{code="502"} 0')).toBe(false);
    expect(of(slo, "up 1")).toBe(false);
    expect(of(latency, "took_count 9")).toBe(true);
    expect(of(latency, 'took_count 9\ntook_bucket{le="2"} 9')).toBe(false);
    expect(of({ ...slo, sli: { kind: "loss", lost: "calls" } }, "calls 9")).toBe(false);
  });
});

describe("an error budget", () => {
  const now = 100 * dayMs;
  /** A point each hour over the last `hours`; `bad` of 1000 events an hour, in the last 6 h `recent`. */
  function history(hours: number, bad: number, recent = bad): BudgetPoint[] {
    let [events, failures] = [0, 0];
    return Array.from({ length: hours + 1 }, (_, index) => {
      const point = { atMs: now - (hours - index) * hourMs, events, bad: failures };
      events += 1000;
      failures += hours - index <= 6 ? recent : bad;
      return point;
    });
  }

  test("an even burn of the whole period uses the budget up exactly", () => {
    const state = budgetOf(slo, history(720, 5), now);
    expect(state.consumed).toBeCloseTo(1, 10);
    expect(state.state).toBe("exhausted");
    expect(budgetOf(slo, history(720, 1), now)).toMatchObject({
      state: "left",
      consumed: expect.closeTo(0.2, 10) as number,
    });
  });

  test("what the history does not cover is taken as without errors", () => {
    const state = budgetOf(slo, history(72, 5), now);
    expect([state.consumed, state.remaining]).toEqual([
      expect.closeTo(0.1, 10),
      expect.closeTo(0.9, 10),
    ]);
    expect(state.text).toContain("10 % used, 90 % left (3.24 h of a total outage)");
  });

  test("the day of exhaustion follows from the last six hours", () => {
    const state = budgetOf(slo, history(72, 0, 50), now);
    // 300 of 72,000 in a tenth of the period: 8.33 %; at ten times even the rest lasts 2.75 d.
    expect(state.burnRate).toBeCloseTo(10, 10);
    expect(((state.exhaustedAtMs ?? 0) - now) / dayMs).toBeCloseTo(
      (30 * (1 - 300 / 72_000 / 0.05)) / 10,
      6,
    );
    expect(state.text).toContain("exhausted at 1970-04-13T");
    const calm = budgetOf(slo, history(72, 5, 0), now);
    expect([calm.burnRate, calm.exhaustedAtMs]).toEqual([0, null]);
    expect(calm.text).toContain("it lasts the period");
  });

  test("below one per cent of the period nothing is told", () => {
    expect(budgetOf(slo, history(7, 0), now)).toMatchObject({
      state: "not_enough_history",
      consumed: null,
    });
    expect(budgetOf(slo, history(7, 0), now).text).toBe("not enough history: 7 h of 30 d");
    expect(budgetOf(slo, history(8, 0), now).state).toBe("left");
    expect(budgetOf(slo, [], now).state).toBe("not_enough_history");
  });

  test("no traffic is no budget kept, and a restart is no error", () => {
    const silent = history(72, 0).map((point) => ({ ...point, events: 0 }));
    expect(budgetOf(slo, silent, now).state).toBe("no_data");
    const restarted = history(72, 1).map((point, index) =>
      index < 36 ? point : { ...point, events: (index - 36) * 1000, bad: index - 36 },
    );
    const state = budgetOf(slo, restarted, now);
    expect([state.events, state.bad]).toEqual([71_000, 71]);
    const idle = [
      ...history(72, 1).filter(({ atMs }) => atMs < now - 7 * hourMs),
      { atMs: now, events: 65_000, bad: 65 },
    ];
    expect(budgetOf(slo, idle, now).text).toContain("nothing was counted in the last 6 h");
  });

  test("points outside of the period do not count", () => {
    const old: BudgetPoint = { atMs: now - 40 * dayMs, events: 0, bad: 0 };
    const recent = history(72, 1).map((point) => ({
      ...point,
      events: point.events + 500,
      bad: point.bad + 500,
    }));
    expect(budgetOf(slo, [old, ...recent], now).bad).toBe(72);
  });
});

describe("selectors", () => {
  test.each([
    ["name", true],
    ['name{a="b",c=~"d|e"}', true],
    ['name{a="b",}', true],
    ["name{}", true],
    ['name{a="}"}', true],
    ["name[5m]", false],
    ["sum(name)", false],
    ['name{a="b"} or other', false],
    ["", false],
  ])("%s is one: %s", (text, expected) => {
    expect(isSelectorText(text)).toBe(expected);
  });

  test("samples are taken as Prometheus would, escapes and all", () => {
    const [one] = readSamples(String.raw`name{a="x.y",b="q\"r"} 7`);
    if (one === undefined) throw new Error("no sample");
    const takes = (text: string): boolean => isSelected(one, readSelector(text));
    expect(
      [
        String.raw`name{a=~"x\\.y"}`,
        String.raw`name{b="q\"r"}`,
        'name{a!="z"}',
        'name{c=""}',
        'name{a!~"x.*"}',
        "other",
        'name{a=~"("}',
      ].map(takes),
    ).toEqual([true, true, true, true, false, false, false]);
  });
});
