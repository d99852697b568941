import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { blockLines, createProgress } from "./progress.ts";

const load = { stage: "load", state: "running", done: 5, total: 10, text: "due 5" } as const;

describe("progress", () => {
  it("a stage with figures tells them by name in place of its words, with the seconds left", () => {
    const host = createTestHost([]);
    const view = createProgress(host, "loadline up");
    const figures = { due: 430, ok: 429, bad: 0, inFlight: 1, p99Ms: 182 };
    view.update({ ...load, text: "430 due", figures, leftMs: 16_600 });
    expect(host.err()).toMatch(
      /^\d\d:\d\d:\d\dZ stage=load state=running due=430 ok=429 bad=0 inFlight=1 p99Ms=182 leftS=17\n$/,
    );
  });

  it("a second line of a stage stands under its bar, and the block keeps its height without it", () => {
    const clock = new TestClock();
    const host = createTestHost([], { isTty: true, clock });
    const view = createProgress(host, "loadline up");
    view.update({ ...load, detail: "p50 84 ms  p99 840 ms" });
    clock.advance(600);
    view.update(load);
    view.end();
    const drawn = host.err().split("\u001b[3A");
    expect(drawn.length).toBeGreaterThan(1);
    expect(drawn[0]).toContain("\u001b[2K           p50 84 ms  p99 840 ms\n");
    expect(drawn[1]).toMatch(/\u001b\[2K\n$/);
  });

  it("a skipped stage has no bar and says what becomes of its claims", () => {
    const skipped = { ...load, state: "skipped", done: 0, total: 1, text: "" } as const;
    const lines = blockLines("loadline up", { elapsedMs: 0, leftMs: 0, width: 80 }, [skipped]);
    expect(lines.at(-1)).toBe("load       skipped, its claims are not_tested");
  });

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
    const times = { elapsedMs: 12_000, leftMs: 7_800, width: 80 };
    expect(blockLines("loadline up", times, [load, waiting])).toEqual([
      "loadline up    12 s, left about 8 s",
      "load       ########........  5 of 10  due 5",
      "slo        waiting",
    ]);
  });

  it("in a narrow terminal the title makes room for the time", () => {
    const times = { elapsedMs: 12_000, leftMs: 8_000, width: 39 };
    expect(blockLines("loadline validate  quick  http://127.0.0.1:9/v1", times, [])).toEqual([
      "loadline vali..    12 s, left about 8 s",
    ]);
  });

  it("a stage that counts time shows its bar and its words, never milliseconds as a count", () => {
    const timed = { ...load, done: 13_512, total: 27_025 };
    expect(blockLines("loadline up", { elapsedMs: 0, leftMs: 0, width: 80 }, [timed])[1]).toBe(
      "load       ########........  due 5",
    );
  });

  it("time left is that of the newest word, falls while nothing is said, and is never below zero", () => {
    const clock = new TestClock();
    const host = createTestHost([], { isTty: true, clock });
    const view = createProgress(host, "loadline up");
    view.update({ ...load, stage: "preflight", state: "done", leftMs: 32_000 });
    clock.advance(2000);
    view.update({ ...load, leftMs: 20_000 });
    clock.advance(5000);
    view.end();
    const heads = host
      .err()
      .split("\n")
      .filter((line) => line.includes("loadline up"));
    expect(heads.at(0)).toContain("left about 32 s");
    expect(heads.at(-1)).toMatch(/7 s, left about 15 s$/);
    clock.advance(60_000);
    view.update(load);
    expect(host.err().split("\n").at(-4)).toMatch(/1 m 7 s$/);
    view.end();
  });

  it("a stage that ended keeps what it counted last", () => {
    const clock = new TestClock();
    const host = createTestHost([], { isTty: true, clock });
    const view = createProgress(host, "loadline up");
    view.update({ ...load, stage: "probe", done: 13, total: 14, text: "embeddings" });
    view.update({ ...load, stage: "probe", state: "done", done: 1, total: 1, text: "" });
    view.end();
    expect(host.err()).toMatch(/probe {6}#{16} {2}14 of 14 {2}embeddings\n$/);
  });
});
