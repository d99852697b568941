import { describe, expect, it } from "vitest";
import { createFlight } from "../engine/flight.ts";
import { hdrLog, hdrSliceLog, openMetrics } from "./exports.ts";
import { recorded, recordedPlan } from "./recorded.fixture.ts";
import { Recorder } from "./recorder.ts";

const times = { startWallMs: Date.UTC(2026, 0, 2, 3, 4, 5), elapsedMs: 61_250 };

/** One good answer that came at this ms of the run. */
function answer(into: Recorder, doneMs: number, tookMs: number, scenario = 0): void {
  const flight = createFlight(scenario, 0, doneMs - tookMs);
  flight.wakeMs = flight.sendMs = flight.intendedMs;
  flight.doneMs = doneMs;
  into.due(scenario, flight);
  into.ended(flight, "ok");
}

describe("what a run exports", () => {
  it("a log by slices has the values of each second once, in order of time, and none of empty ones", () => {
    const recorder = recorded("normal", 0);
    answer(recorder, 2_400, 40);
    answer(recorder, 2_500, 60, 1);
    recorder.closeSlices(3_000);
    recorder.closeSlices(4_100);
    answer(recorder, 4_200, 10);
    answer(recorder, 4_300, 90);
    recorder.closeSlices(5_000);
    const rows = hdrSliceLog(recorder, times).trimEnd().split("\n").slice(4);
    const cells = rows.map((row) => row.split(","));
    expect(cells.map(([tag, at, length, most]) => [tag, at, length, most])).toEqual([
      ['Tag=a_"b"__c.response_time', "2.000", "1.000", "40.000"],
      ["Tag=idle.response_time", "2.000", "1.000", "60.000"],
      ['Tag=a_"b"__c.response_time', "4.000", "1.000", "90.000"],
    ]);
    for (const [, , , , histogram] of cells) expect(histogram).toMatch(/^HISTFAAA/);
  });

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
    expect(of(new Recorder(recordedPlan("high"), { given: buffers })).count).toBe(999);
    expect(() => new Recorder(recordedPlan("normal"), { given: buffers })).toThrow(
      expect.objectContaining({ code: "LL_LOAD_HISTOGRAM_LAYOUT" }),
    );
  });
});
