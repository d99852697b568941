import { describe, expect, it } from "vitest";
import { createFlight } from "../engine/flight.ts";
import type { LoadPlan } from "../types.ts";
import { hdrLog, openMetrics } from "./exports.ts";
import { Recorder } from "./recorder.ts";

const scenario = {
  executor: "constant-arrival-rate",
  rate: 10,
  durationMs: 10_000,
  startMs: 2_000,
  request: { kind: "http", method: "GET", path: "/" },
} as const;

/** Answers after 1 to `n` ms, one failure, nothing of `idle`. */
function recorded(precision: "normal" | "high", n = 1_000): Recorder {
  const plan: LoadPlan = {
    target: { baseUrl: "http://127.0.0.1:1" },
    seed: 7,
    precision,
    scenarios: { 'a "b", c': scenario, idle: scenario },
    limits: [],
  };
  const recorder = new Recorder(plan);
  recorder.begin(0);
  for (let ms = 1; ms <= n; ms++) {
    const flight = createFlight(0, ms, 2_000 + ms);
    flight.wakeMs = flight.sendMs = 2_000 + ms;
    flight.doneMs = 2_000 + ms + ms + 0.5;
    recorder.due(0, flight);
    recorder.ended(flight, ms === n ? "status_503" : "ok");
  }
  return recorder;
}

const times = { startWallMs: Date.UTC(2026, 0, 2, 3, 4, 5), elapsedMs: 61_250 };

describe("what a run exports", () => {
  it("a log of HdrHistogram has an interval for each scenario and metric with values in it", () => {
    const lines = hdrLog(recorded("normal"), times).trimEnd().split("\n");
    expect(lines.slice(0, 4)).toEqual([
      "#[Histogram log format version 1.3]",
      "#[StartTime: 1767323045.000 (seconds since epoch), 2026-01-02T03:04:05.000Z]",
      "#[Values: microseconds]",
      '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ]);
    const rows = lines.slice(4).map((line) => line.split(","));
    expect(rows.map(([tag]) => tag)).toEqual([
      'Tag=a_"b"__c.response_time',
      'Tag=a_"b"__c.service_time',
      'Tag=a_"b"__c.queue_wait',
    ]);
    expect(rows[0]?.slice(1, 4)).toEqual(["2.000", "61.250", "999.500"]);
    expect(rows[0]?.[4]).toMatch(/^HISTFAAA/);
  });

  it("OpenMetrics has every outcome, cumulative buckets in seconds and an end", () => {
    const text = openMetrics(recorded("normal"));
    const label = 'scenario="a \\"b\\", c"';
    expect(text).toContain(`loadline_load_requests_total{${label},outcome="ok"} 999`);
    expect(text).toContain(`loadline_load_requests_total{${label},outcome="status_503"} 1`);
    expect(text).toContain('loadline_load_requests_total{scenario="idle",outcome="ok"} 0');
    const name = "loadline_load_response_time_seconds";
    const buckets = [...text.matchAll(new RegExp(`^${name}_bucket.*le="(.*)"} (\\d+)$`, "gm"))];
    const counts = buckets.map(([, , n]) => Number(n));
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(buckets.find(([, le]) => le === "0.1")?.[2]).toBe("99");
    expect(buckets.at(-1)?.slice(1)).toEqual(["+Inf", "999"]);
    expect(text).toContain(`${name}_count{${label}} 999`);
    const sum = Number(new RegExp(`${name}_sum\\{.*\\} ([\\d.]+)`).exec(text)?.[1]);
    expect(sum).toBeCloseTo(499.5 + 0.4995, 6);
    expect(text.endsWith("\n# EOF\n")).toBe(true);
    for (const line of text.trimEnd().split("\n")) expect(line).toMatch(/^(#|loadline_load_)/);
  });

  it("high precision tells latencies to 0.1 %, and parts of it add up like any", () => {
    const [normal, high] = [recorded("normal"), recorded("high")];
    const of = (recorder: Recorder) => recorder.at(0).series.response;
    expect([of(normal).precision, of(high).precision]).toEqual(["normal", "high"]);
    for (const q of [0.5, 0.9, 0.99]) {
      const exactUs = Math.ceil(q * 999) * 1_000 + 500;
      expect(Math.abs(of(high).quantileUs(q) - exactUs) / exactUs).toBeLessThan(0.001);
    }
    const whole = recorded("high", 0);
    whole.add(high);
    whole.add(high);
    expect(of(whole).count).toBe(2 * of(high).count);
    expect(whole.frame(70_000).p50Ms).toBe(high.frame(70_000).p50Ms);
    const buffers = high.arena.buffers;
    const plan = { target: { baseUrl: "x" }, seed: 7, limits: [], precision: "high" } as const;
    const scenarios = { 'a "b", c': scenario, idle: scenario };
    expect(of(new Recorder({ ...plan, scenarios }, { given: buffers })).count).toBe(999);
    expect(
      () => new Recorder({ ...plan, precision: "normal", scenarios }, { given: buffers }),
    ).toThrow(expect.objectContaining({ code: "LL_LOAD_HISTOGRAM_LAYOUT" }));
  });
});
