import { createMetrics, growingLabel } from "@loadline/kit/metrics";
import { describe, expect, it } from "vitest";
import { createPairs, createRoutingMetrics, growPairs } from "./metrics.ts";

const targetsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}`);

describe("pairs of targets of which one followed the other", () => {
  it("are 256 at most since the start, and those beyond are told as _other", () => {
    const pairs = createPairs();
    const all = createMetrics();
    const names = { routes: growingLabel(["r"]), targets: growingLabel() };
    const { onFailover } = createRoutingMetrics(all, names, pairs);
    growPairs(pairs, ["a", "b"]);
    growPairs(pairs, ["b", "a"]);
    expect(pairs.values).toEqual(["_other,_other", "a,b", "b,a"]);
    for (const length of [10, 20, 20, 30]) growPairs(pairs, targetsOf(length));
    expect(pairs.values).toHaveLength(256);
    onFailover("t0", "t1", "timeout");
    onFailover("t28", "t29", "timeout");
    const text = all.render();
    expect(text).toContain('loadline_failovers_total{from="t0",to="t1",reason="timeout"} 1\n');
    const rest = 'loadline_failovers_total{from="_other",to="_other",reason="timeout"} 1\n';
    expect(text).toContain(rest);
  });

  it("of a route of thousands of targets are made no longer than they fit", () => {
    const pairs = createPairs();
    const asked = new Set<number>();
    const targets = new Proxy(targetsOf(4000), {
      get(list, key) {
        if (typeof key === "string" && /^\d+$/.test(key)) asked.add(Number(key));
        const value: unknown = Reflect.get(list, key);
        return value;
      },
    });
    growPairs(pairs, targets);
    expect([pairs.values.length, asked.size < 300]).toEqual([256, true]);
  });
});
