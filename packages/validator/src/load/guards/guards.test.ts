import { describe, expect, it } from "vitest";
import { cleanView } from "./clean-view.ts";
import type { GuardView } from "./guard.ts";
import { guardRows, judgeGuards, loadGuards } from "./index.ts";

describe("load guards", () => {
  for (const guard of loadGuards) {
    it(`${guard.id} holds on a clean view and refuses its saboteur's`, () => {
      expect(guard.judge(cleanView).holds).toBe(true);
      expect(guard.judge({ ...cleanView, ...guard.saboteur }).holds).toBe(false);
    });
  }

  it("a row for each guard says what was seen and what is allowed; a breach comes first", () => {
    const views = [
      { stream: "a", view: cleanView },
      { stream: "b", view: { ...cleanView, dropped: 3 } },
    ];
    const rows = guardRows(judgeGuards(views));
    expect(rows.map(({ guard }) => guard)).toEqual(loadGuards.map(({ id }) => id));
    for (const { figure, limit } of rows) expect([figure, limit]).not.toContain("");
    expect(rows.filter(({ holds }) => !holds)).toEqual([
      { guard: "guard.load.sent", holds: false, figure: "3 dropped", limit: "0" },
    ]);
    expect(rows[0]).toMatchObject({ figure: "0.30 ms", limit: "1.00 ms" });
  });

  it("no delay of ours voids a sample in which nothing was over the limit", () => {
    const busy = { ...cleanView, lagP99Ms: 40, loopP99Ms: 60, cpuP90: 0.95, pressurePercent: 90 };
    const breached = judgeGuards([{ stream: "a", view: busy }]).filter((g) => !g.holds);
    expect(breached).toEqual([]);
  });

  it("a guard that holds beyond its limit says that no failure rests on it", () => {
    const busy = { ...cleanView, lagP99Ms: 40, loopP99Ms: 60, cpuP90: 0.95, pressurePercent: 90 };
    const said = judgeGuards([{ stream: "a", view: busy }]).filter(({ guard }) =>
      /\.(pacer|loop|cpu|pressure)$/.test(guard),
    );
    expect(said).toHaveLength(4);
    for (const { guard, seen } of said) expect(seen, guard).toMatch(/; no failure rests on it\.$/);
    for (const { guard, seen } of judgeGuards([{ stream: "a", view: cleanView }]))
      expect(seen, guard).not.toContain("no failure rests");
  });

  it("no delay of ours voids a failure that errors alone carry", () => {
    const dead = {
      ...cleanView,
      bad: 1000,
      hardBad: 1000,
      lagP99Ms: 40,
      loopP99Ms: 60,
      cpuP90: 0.95,
    };
    const breached = judgeGuards([{ stream: "a", view: dead }]).filter((g) => !g.holds);
    expect(breached).toEqual([]);
  });

  it("a lag within 1 % of the limit or 5 % of the median service is none", () => {
    const late = { ...cleanView, over: 30, bad: 30, lagP99Ms: 4 };
    const holds = (view: GuardView): boolean | undefined =>
      judgeGuards([{ stream: "a", view }]).find((g) => g.guard === "guard.load.pacer")?.holds;
    expect(holds(late)).toBe(false);
    expect(holds({ ...late, limitMs: 400 })).toBe(true);
    expect(holds({ ...late, serviceMedianMs: 80 })).toBe(true);
  });

  it("a lag far below the timeouts that carry a failure voids its opposite only", () => {
    const hanging = { ...cleanView, n: 100, bad: 40, hardBad: 40, shortestTimeoutMs: 2_000 };
    const voids = (view: Partial<GuardView>) =>
      judgeGuards([{ stream: "a", view: { ...hanging, lagP99Ms: 250, ...view } }])
        .filter((g) => !g.holds)
        .map(({ guard, invalidates }) => `${guard} ${invalidates}`);
    expect(voids({})).toEqual(["guard.load.pacer pass"]);
    expect(voids({ lagP99Ms: 600 })).toEqual(["guard.load.pacer both"]);
    expect(voids({ shortestTimeoutMs: null })).toEqual(["guard.load.pacer both"]);
    expect(voids({ hardBad: 0, over: 40 })).toEqual(["guard.load.pacer both"]);
    // What a sender held back for a second leaves as a burst, however long its calls wait.
    expect(voids({ shortestTimeoutMs: 30_000, lagP99Ms: 999 })).toEqual(["guard.load.pacer pass"]);
    expect(voids({ shortestTimeoutMs: 30_000, lagP99Ms: 1_000 })).toEqual([
      "guard.load.pacer both",
    ]);
  });

  it("a loop that stood for a quarter of a timeout may have made it, one of less did not", () => {
    const late = { ...cleanView, bad: 40, over: 40, shortestTimeoutMs: 2_000 };
    const holds = (loopMaxMs: number) =>
      judgeGuards([{ stream: "a", view: { ...late, loopMaxMs } }]).every((g) => g.holds);
    expect([holds(499), holds(500)]).toEqual([true, false]);
  });

  it("a mix is off by its worst part, in points", () => {
    const views = (points: number) => [
      { stream: "a", view: { ...cleanView, mixOffPoints: points } },
    ];
    expect(judgeGuards(views(1.9)).every((g) => g.holds)).toBe(true);
    expect(judgeGuards(views(2.1)).find((g) => !g.holds)?.guard).toBe("guard.load.mix");
  });

  it("bundled streams void the pass of what is measured between tokens, of nothing else", () => {
    const bundled = { ...cleanView, streams: 100, bufferedStreams: 60 };
    const holds = (metric: GuardView["metric"]): boolean =>
      judgeGuards([{ stream: "a", view: { ...bundled, metric } }]).every((g) => g.holds);
    expect([holds("tpot"), holds("icl_max"), holds("ttft"), holds("response_time")]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it("a figure is told by its name: bundled streams void gaps between tokens said one by one", () => {
    const bundled = { ...cleanView, metric: "figure", streams: 100, bufferedStreams: 60 } as const;
    const holds = (figure: string): boolean =>
      judgeGuards([{ stream: "a", view: { ...bundled, figure } }]).every((g) => g.holds);
    const perUser = holds("output_tokens_per_s_per_user");
    expect([holds("icl"), perUser, holds("rag_query")]).toEqual([false, false, true]);
  });

  it("an average or extreme with a value not known cannot fail by it; a count of limits can", () => {
    const open = { ...cleanView, undefined: 1 };
    const breached = (figures: boolean) =>
      judgeGuards([{ stream: "a", view: { ...open, figures } }]).filter((g) => !g.holds);
    expect(breached(true)).toMatchObject([
      { guard: "guard.load.undefined", invalidates: "fail", reason: "gaps" },
    ]);
    expect(breached(false)).toEqual([]);
  });

  it("a lag that makes another traffic voids passes too", () => {
    const [pacer] = judgeGuards([{ stream: "a", view: { ...cleanView, lagP99Ms: 250 } }]);
    expect(pacer).toMatchObject({ guard: "guard.load.pacer", holds: false, invalidates: "both" });
  });

  it("a breach names its own stream only; what holds is said once for all", () => {
    const guards = judgeGuards([
      { stream: "a", view: cleanView },
      { stream: "b", view: { ...cleanView, dropped: 1 } },
    ]);
    expect(guards.filter((g) => !g.holds)).toMatchObject([
      { guard: "guard.load.sent", streams: ["b"], invalidates: "pass", reason: "gaps" },
    ]);
    const holding = guards.filter((g) => g.holds);
    expect(holding).toHaveLength(loadGuards.length - 1);
    expect(holding[0]?.streams).toEqual(["a", "b"]);
  });
});
