import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { blockLines, createProgress } from "./progress.ts";

const load = { stage: "load", state: "running", done: 5, total: 10, text: "due 5" } as const;

describe("progress", () => {
  it("without a terminal every step of a stage is one key=value line, repeats are silent", () => {
    const host = createTestHost([]);
    const view = createProgress(host, "loadline up");
    view.update({ ...load, state: "waiting", done: 0, text: "" });
    for (let done = 0; done < 10; done++) view.update({ ...load, done });
    view.update({ ...load, state: "done", done: 10, text: 'a "quoted"\u001b[31m word' });
    view.end();
    const lines = host.err().trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\dZ stage=load state=waiting done=0 total=10$/);
    expect(lines[2]).toMatch(/ state=done done=10 total=10 text="a 'quoted' word"$/);
    expect(host.out()).toBe("");
  });

  it("on a terminal the block is drawn at most twice a second and over itself", () => {
    const clock = new TestClock();
    const host = createTestHost([], { isTty: true, clock });
    const view = createProgress(host, "loadline up");
    for (let step = 0; step < 100; step++) {
      view.update({ ...load, done: step, total: 100 });
      clock.advance(20);
    }
    const draws = host.err().split("loadline up").length - 1;
    expect(draws).toBeGreaterThanOrEqual(4);
    expect(draws).toBeLessThanOrEqual(5);
    expect(host.err()).toContain("\u001b[2A");
  });

  it("without a terminal a stage that goes on says so every 10 s, one that waits does not", () => {
    const clock = new TestClock();
    const host = createTestHost([], { clock });
    const view = createProgress(host, "loadline up");
    view.update({ ...load, stage: "slo", state: "waiting" });
    for (let second = 0; second < 35; second += 1) {
      view.update({ ...load, done: second });
      view.update({ ...load, stage: "slo", state: "waiting" });
      clock.advance(1000);
    }
    const lines = host.err().trimEnd().split("\n");
    expect(lines.filter((line) => line.includes("stage=slo"))).toHaveLength(1);
    const done = lines.flatMap((line) => /stage=load .* done=(\d+)/.exec(line)?.[1] ?? []);
    expect(done.map(Number)).toEqual([0, 10, 20, 30]);
  });

  it("on a terminal time is seen to pass while a stage says nothing, until the end", () => {
    const clock = new TestClock();
    const host = createTestHost([], { isTty: true, clock });
    const view = createProgress(host, "loadline up");
    view.update(load);
    clock.advance(5000);
    expect(host.err()).toContain("loadline up    5 s");
    view.end();
    const atEnd = host.err();
    clock.advance(60_000);
    expect(host.err()).toBe(atEnd);
  });

  it("TERM=dumb gets lines, never a control sequence", () => {
    const host = createTestHost([], { isTty: true, env: { TERM: "dumb" } });
    createProgress(host, "loadline up").update(load);
    expect(host.err()).not.toContain("\u001b");
    expect(host.err()).toContain("stage=load");
  });

  it("the block says what runs, how far, and how long still", () => {
    const waiting = { stage: "slo", state: "waiting", done: 0, total: 1, text: "" } as const;
    expect(blockLines("loadline up", 12_000, [{ ...load, leftMs: 8000 }, waiting])).toEqual([
      "loadline up    12 s, left about 8 s",
      "load       ########........  5 of 10  due 5",
      "slo        waiting",
    ]);
  });
});
