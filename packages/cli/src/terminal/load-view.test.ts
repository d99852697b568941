import { TestClock } from "@loadline/kit/clock";
import type { LiveFrame } from "@loadline/validator";
import { describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { findingLines } from "./load-findings.ts";
import { createLoadView, frameLines } from "./load-view.ts";

function frame(elapsedMs: number, o: Partial<LiveFrame> = {}): LiveFrame {
  return {
    due: 1_213,
    ok: 1_202,
    bad: 2,
    inFlight: 9,
    p50Ms: 12,
    p99Ms: 840,
    maxMs: 1_300,
    ttftP99Ms: null,
    elapsedMs,
    leftMs: 60_000 - elapsedMs,
    ...o,
  };
}

describe("view of a load", () => {
  it("says phase, counts, percentiles and time left; what is not known is a dash", () => {
    const lines = frameLines("loadline load  smoke", frame(30_000));
    expect(lines).toEqual([
      "loadline load  smoke    30 s, left about 30 s",
      "sending   ############............  due 1,213  ok 1,202  bad 2  in flight 9",
      "response  p50 12 ms  p99 840 ms  max 1.3 s   first token p99 -",
    ]);
    expect(frameLines("t", frame(60_000))[1]).toMatch(/^draining /);
    expect(frameLines("t", frame(60_000, { inFlight: 0 }))[1]).toMatch(/^done /);
  });

  it("shows each guard with its figure and its limit, and marks what is breached", () => {
    const holding = ["pacer", "cpu", "loop", "local", "sent"].map((name) => ({
      guard: `guard.load.${name}`,
      holds: true,
      figure: "0.30 ms",
      limit: "1.00 ms",
    }));
    const breach = { guard: "guard.load.mix", holds: false, figure: "7.0 points", limit: "2" };
    const [, , , ...lines] = frameLines("t", frame(1_000, { guards: [...holding, breach] }));
    expect(lines).toEqual([
      "guards    pacer 0.30 ms/1.00 ms | cpu 0.30 ms/1.00 ms | loop 0.30 ms/1.00 ms",
      "          local 0.30 ms/1.00 ms | sent 0.30 ms/1.00 ms | x mix 7.0 points/2",
    ]);
    const host = createTestHost([], { clock: new TestClock() });
    createLoadView(host, "t").frame(frame(0, { guards: [...holding, breach] }));
    expect(host.err()).toContain(" breached=mix ");
  });

  it("a terminal gets the block drawn over itself, twice a second as frames come", () => {
    const host = createTestHost([], { isTty: true });
    const view = createLoadView(host, "loadline load");
    for (let ms = 500; ms <= 2_000; ms += 500) view.frame(frame(ms));
    view.end();
    expect(host.err().split("loadline load").length - 1).toBe(4);
    expect(host.err()).toContain("\u001b[3A");
    expect(host.out()).toBe("");
  });

  it("what the last line said is not said again at the end", () => {
    const host = createTestHost([], { clock: new TestClock() });
    const view = createLoadView(host, "loadline load");
    for (const ms of [500, 10_000]) view.frame(frame(ms));
    view.end();
    expect(host.err().trimEnd().split("\n")).toHaveLength(2);
  });

  it("without a terminal there is a line per 10 s and one at the end, without any control sequence", () => {
    const host = createTestHost([], { clock: new TestClock() });
    const view = createLoadView(host, "loadline load");
    for (let ms = 500; ms <= 30_500; ms += 500) view.frame(frame(ms));
    view.end();
    const lines = host.err().trimEnd().split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\dZ stage=load due=1213 ok=1202 bad=2 inFlight=9 p99Ms=840 leftS=60$/,
    );
    expect(host.err()).not.toContain("\u001b");
  });
});

describe("findings of a load", () => {
  it("a search has two rates, not one number, and says when it is not confirmed", () => {
    const result = { steps: [], highestPassing: 400, lowestFailing: 420, confirmed: true };
    expect(findingLines({ type: "peak", scenario: "get", result })).toEqual([
      "peak get: highest passing 400/s (passed twice), lowest failing 420/s, 0 steps",
    ]);
    const step = { rate: 20, seed: 1, n: 40, bad: 0, cut: false, confirms: false };
    const steps = (["undecided", "passed", "undecided"] as const).map((verdict) => ({
      ...step,
      verdict,
    }));
    expect(
      findingLines({ type: "peak", scenario: "get", result: { ...result, steps } })[0],
    ).toMatch(/, 3 steps, 2 of them undecided: longer ones decide more$/);
    const none = { ...result, highestPassing: null, confirmed: false };
    expect(findingLines({ type: "peak", scenario: "get", result: none })[0]).toContain(
      "highest passing none (not confirmed)",
    );
  });

  it("a ladder has a row per size, its knee, and what is derived says so", () => {
    const size = {
      users: 4,
      okPerSecond: 610,
      rounds: [],
      due: 9,
      ok: 9,
      medianMs: 5.5,
      p95Ms: null,
    };
    const fit = {
      provenance: "derived",
      lambda: 1,
      sigma: 0,
      kappa: 0,
      measuredUsers: [1, 20],
      peakUsers: 30.4,
      curve: [[40, 1234]],
    } as const;
    const linesOf = (found: Partial<typeof fit> | { readonly peakUsers: number | null }) =>
      findingLines({
        type: "ladder",
        scenario: "get",
        result: { sizes: [{ ...size, speedUp: null }], knee: 20, fit: { ...fit, ...found } },
      });
    const derived = "ladder get: knee after 20 users; derived, not measured: ";
    expect(linesOf({})).toEqual([
      "ladder get: 4 users, 610/s ok, median 5.5 ms, p95 -, speed-up -",
      `${derived}highest throughput near 30 users, extrapolated by the law of 1 to 20 users`,
    ]);
    expect(linesOf({ peakUsers: 12 })[1]).toBe(
      `${derived}highest throughput near 12 users, interpolated by the law of 1 to 20 users`,
    );
    expect(linesOf({ peakUsers: null })[1]).toBe(
      `${derived}1,234/s at 40 users, extrapolated by the law of 1 to 20 users`,
    );
    expect(findingLines({ type: "load.event", text: "x" })).toEqual([]);
  });

  it("a scenario whose requests were sent late names the place, with the wait at each", () => {
    const series = {
      scenario: "chat",
      sliceMs: 1_000,
      due: [],
      ok: [],
      bad: [],
      p99Ms: [],
      maxMs: [],
      inFlight: [],
      heat: [],
      percentiles: [],
      ttft: [],
    };
    const delay = { part: "queue", responseMs: 18, serviceMs: 10, pacerMs: 1, queueMs: 5 } as const;
    const told = { ...series, delay: { ...delay, connectMs: 2 } };
    expect(findingLines({ type: "series", series: told, late: [] })).toEqual([
      "delay chat: response 18 ms, service 10 ms at p50; the wait arises in queue (medians: pacer 1 ms, queue 5 ms, connect 2 ms)",
    ]);
    expect(findingLines({ type: "series", series, late: [] })).toEqual([]);
  });

  it("a guard beyond its limit that voids nothing does not read as one that holds", () => {
    const guard = {
      guard: "guard.load.loop",
      holds: true,
      invalidates: "fail",
      kinds: ["quantile"],
      streams: ["a"],
      reason: "generator",
      figure: "5.01 ms",
      limit: "2.00 ms",
    } as const;
    const line = (seen: string) => findingLines({ type: "guard", guard: { ...guard, seen } })[0];
    expect(line("p99 of 5.01 ms; no failure rests on it.")).toBe(
      "guard loop       5.01 ms of 2.00 ms, no failure rests on it",
    );
    expect(line("p99 of 1 ms.")).toBe("guard loop       5.01 ms of 2.00 ms, holds");
  });
});
