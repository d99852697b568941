import { createMetrics } from "@loadline/kit/metrics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeBreakers } from "./merge-breakers.ts";
import { mergeHealth } from "./merge-health.ts";
import { addMetrics, type MergedMetrics, renderMetrics } from "./merge-metrics.ts";

function merged(texts: readonly string[], dead: readonly string[] = []): string {
  const all: MergedMetrics = new Map();
  for (const text of texts) addMetrics(all, text, { onlyCounts: false });
  for (const text of dead) addMetrics(all, text, { onlyCounts: true });
  return renderMetrics(all);
}

/** A registry that counted these. */
function page(hits: readonly number[], seconds: readonly number[], open = 0): string {
  const metrics = createMetrics();
  const counter = metrics.counter("x_hits", "Hits.", { route: ["a", 'b"} 9'] });
  hits.forEach((by, slot) => counter.add(slot, by));
  const histogram = metrics.histogram("x_seconds", "Time.", {}, [0.5, 1]);
  for (const value of seconds) histogram.observe(0, value);
  metrics.gauge("x_open", "Open.", {}).set(0, open);
  metrics.info("x_config", "Which.", () => ({ digest: "1" }));
  return metrics.render();
}

describe("metrics of several processes", () => {
  it("of any counts are those of one registry that counted all of them", () => {
    const counts = fc.tuple(fc.nat(1000), fc.nat(1000));
    const times = fc.array(fc.constantFrom(0.25, 0.5, 0.75, 2), { maxLength: 8 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(counts, times, fc.nat(9)), { minLength: 1, maxLength: 5 }),
        (all) => {
          const sum = (i: 0 | 1): number => all.reduce((n, [hits]) => n + hits[i], 0);
          const open = all.reduce((n, [, , value]) => n + value, 0);
          const one = page(
            [sum(0), sum(1)],
            all.flatMap(([, seconds]) => seconds),
            open,
          );
          expect(merged(all.map(([hits, seconds, value]) => page(hits, seconds, value)))).toBe(one);
        },
      ),
    );
  });

  it("of an ended process count on, its gauges do not", () => {
    const text = merged([page([1, 0], [0.75], 2)], [page([5, 1], [2], 9)]);
    expect(text).toContain('x_hits_total{route="a"} 6\n');
    expect(text).toContain('x_hits_total{route="b\\"} 9"} 1\n');
    expect(text).toContain("x_seconds_count 2\n");
    expect(text).toContain("x_open 2\n");
    expect(text).toContain('x_config_info{digest="1"} 1\n');
    expect(text.match(/# TYPE x_hits counter/g)).toHaveLength(1);
  });

  it("a state is the worst there is, an amount left the least, a dependency nobody has is none", () => {
    const gauge = (name: string, value: number): string =>
      `# TYPE ${name} gauge\n# HELP ${name} X.\n${name} ${value}\n# EOF\n`;
    const of = (name: string, values: readonly number[]): string =>
      merged(values.map((value) => gauge(name, value))).split("\n")[2] ?? "";
    expect(of("loadline_breaker_state", [0, 2, 1])).toBe("loadline_breaker_state 2");
    expect(of("loadline_budget_remaining_ratio", [1, 0.25])).toBe(
      "loadline_budget_remaining_ratio 0.25",
    );
    expect(of("loadline_active_keys", [4, 4, 4])).toBe("loadline_active_keys 4");
    expect(of("loadline_dependency_state", [3, 0, 1])).toBe("loadline_dependency_state 1");
    expect(of("loadline_dependency_state", [3, 3])).toBe("loadline_dependency_state 3");
  });
});

describe("/health of several processes", () => {
  const workers = { required: true, state: "ok", running: 2, wanted: 2, restarts: 0 } as const;
  const o = { workers, startedAt: "t", isStale: false };
  const answer = (isOk: boolean, state: string) => ({
    isOk,
    body: { status: "x", version: "1", config: "current", components: { sql: { state } } },
  });

  it("shows each component in its worst state, and is 503 when one process is", () => {
    const both = mergeHealth([answer(true, "ok"), answer(true, "degraded")], o);
    expect(both).toMatchObject({
      isOk: true,
      body: { status: "ok", version: "1", components: { sql: { state: "degraded" }, workers } },
    });
    expect(mergeHealth([answer(true, "ok"), answer(false, "down")], o).isOk).toBe(false);
    expect(mergeHealth([], o).isOk).toBe(false);
    const down = { ...o, workers: { ...workers, state: "down" as const } };
    expect(mergeHealth([answer(true, "ok")], down).isOk).toBe(false);
  });

  it("is stale when the supervisor knows of a file that was refused", () => {
    const body = mergeHealth([answer(true, "ok")], { ...o, isStale: true }).body;
    expect(body).toMatchObject({ config: "stale" });
  });

  it("is stale when any of them runs what is not written, whichever answers first", () => {
    const stale = { isOk: true, body: { config: "stale" } };
    for (const answers of [
      [answer(true, "ok"), stale],
      [stale, answer(true, "ok")],
    ])
      expect(mergeHealth(answers, o).body).toMatchObject({ config: "stale" });
    expect(mergeHealth([answer(true, "ok")], o).body).toMatchObject({ config: "current" });
  });
});

describe("breakers of several processes", () => {
  const view = { id: "a", target: "a", override: null, retryAfterMs: 0 } as const;
  it("are one list, each in its worst state with all of its outcomes", () => {
    const counts = { outcomes: 10, failures: 1, inFlight: 2, rampShare: 1 };
    const one = { ...view, ...counts, state: "closed" } as const;
    const other = {
      ...view,
      ...counts,
      state: "open",
      retryAfterMs: 500,
      rampShare: 0.1,
      override: "open",
    } as const;
    expect(mergeBreakers([[one], [other, { ...one, id: "b" }]])).toEqual([
      {
        ...view,
        state: "open",
        override: "open",
        retryAfterMs: 500,
        outcomes: 20,
        failures: 2,
        inFlight: 4,
        rampShare: 0.1,
      },
      { ...one, id: "b" },
    ]);
  });
});
