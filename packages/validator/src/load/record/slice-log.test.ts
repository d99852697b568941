import { createHistogram, type Histogram } from "@loadline/kit/histogram";
import { describe, expect, it } from "vitest";
import { SliceLog, sliceLines } from "./slice-log.ts";

function values(...ms: number[]): Histogram {
  const histogram = createHistogram();
  for (const one of ms) histogram.record(one * 1_000);
  return histogram;
}

const second = (at: number) => ({ atMs: at * 1_000, lengthMs: 1_000 });

describe("histograms by slices", () => {
  it("scenarios that begin at other times are put in the order of the run", () => {
    const [one, two] = [new SliceLog("one", 10_000), new SliceLog("two", 10_000)];
    one.add(values(1), second(0));
    one.add(values(2), second(5));
    two.add(values(3), second(0));
    const lines = sliceLines([
      { log: one, startMs: 0 },
      { log: two, startMs: 3_000 },
    ]);
    expect(lines.map((line) => line.split(",").slice(0, 2).join(" "))).toEqual([
      "Tag=one.response_time 0.000",
      "Tag=two.response_time 3.000",
      "Tag=one.response_time 5.000",
    ]);
  });

  it("a tag holds no comma and no space", () => {
    const log = new SliceLog("chat, with\thistory", 10_000);
    log.add(values(1), second(0));
    expect(sliceLines([{ log, startMs: 0 }])[0]).toMatch(/^Tag=chat__with_history\.response_time,/);
  });

  it("past its room slices are left out, counted and said, never cut in half", () => {
    const log = new SliceLog("chat", 200);
    for (let at = 0; at < 50; at++) log.add(values(at + 1, 900), second(at));
    const kept = log.lines.length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(10);
    expect(kept + log.leftOut).toBe(50);
    const lines = sliceLines([{ log, startMs: 0 }]);
    expect(lines.at(-1)).toBe(`#[${50 - kept} later slices had no room]`);
    expect(lines).toHaveLength(kept + 1);
    for (const line of lines.slice(0, -1)) expect(line.split(",")).toHaveLength(5);
  });

  it("a slice without answers has no line, and an empty log no note", () => {
    const log = new SliceLog("chat", 200);
    log.add(values(), second(0));
    expect(sliceLines([{ log, startMs: 0 }])).toEqual([]);
  });
});
