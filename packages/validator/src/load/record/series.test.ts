import { describe, expect, it } from "vitest";
import { createFlight, type Flight } from "../engine/flight.ts";
import { Arena } from "./arena.ts";
import { rankOf, toMs } from "./ranks.ts";
import { Series } from "./series.ts";

const made = (durationMs = 10_000, drainMs = 2000): Series =>
  new Series("chat", new Arena(), { durationMs, drainMs });

/** Due at 1 s, awake 4 ms and sent 10 ms later, answered after `responseMs`. */
function flightOf(responseMs: number, of: Partial<Flight> = {}): Flight {
  const times = { wakeMs: 1004, sendMs: 1010, doneMs: 1000 + responseMs };
  return { ...createFlight(0, 0, 1000), ...times, ...of };
}

describe("one request in the series of its scenario", () => {
  it("is counted with each of its times where it belongs", () => {
    const series = made();
    const stream = { cold: true, contentEvents: 2, eventsPerReadMax: 1, firstContentMs: 1030 };
    series.ended(0, "ok", flightOf(50, stream), true);
    const { live, response, service, ttft, queueWait, cold } = series;
    for (const [histogram, us] of [
      [live, 50_000],
      [response, 50_000],
      [service, 40_000],
      [cold, 40_000],
      [ttft, 20_000],
      [queueWait, 6000],
    ] as const)
      expect([histogram.count, histogram.minUs, histogram.maxUs]).toEqual([1, us, us]);
    expect([series.measured, series.streams, series.bufferedStreams]).toEqual([1, 1, 0]);
  });

  it("is no stream without content and no first of its connection unless it was", () => {
    const series = made();
    series.ended(0, "ok", flightOf(50), true);
    expect([series.ttft.count, series.cold.count, series.streams]).toEqual([0, 0, 0]);
  });

  it("that came in one read is a bundled stream", () => {
    const series = made();
    const whole = { contentEvents: 20, eventsPerReadMax: 20, firstContentMs: 1030 };
    series.ended(0, "ok", flightOf(50, whole), true);
    expect([series.streams, series.bufferedStreams]).toEqual([1, 1]);
  });

  it("that went wrong is counted and in no histogram, one of the warmup in the live one alone", () => {
    const series = made();
    series.due(0);
    series.due(0);
    series.due(0);
    series.ended(0, "reset", flightOf(50), true);
    series.ended(0, "ok", flightOf(50), false);
    expect([series.measured, series.live.count, series.response.count]).toEqual([1, 1, 0]);
    expect(series.openIn(0)).toBe(1);
  });
});

describe("slices", () => {
  it("are as long as a second, or so long that 3,600 hold the run", () => {
    expect([made().sliceMs, made().slices]).toEqual([1000, 14]);
    expect(made(3_600_000).sliceMs).toBe(1000);
    expect(made(3_600_001).sliceMs).toBe(2000);
    const series = made();
    expect([-1, 0, 999, 1000, 1e9].map((ms) => series.sliceOf(ms))).toEqual([0, 0, 0, 1, 13]);
  });

  it("are closed once, each with what was answered in it alone", () => {
    const series = made();
    series.due(0);
    series.due(0);
    series.ended(0, "ok", flightOf(50), true);
    series.ended(0, "reset", flightOf(9), true);
    expect(series.close(999, 7)).toEqual([]);
    const [first, ...more] = series.close(2999, 7);
    expect(first).toMatchObject({ slice: 0, due: 2, ok: 1, bad: 1, inFlight: 7, maxMs: 50 });
    expect(first?.p99Ms).toBeCloseTo(50, 0);
    expect(first?.heat.map(([, count]) => count)).toEqual([1]);
    expect(more).toMatchObject([{ slice: 1, due: 0, p99Ms: null, maxMs: null, heat: [] }]);
    series.ended(2, "ok", flightOf(10), true);
    expect(series.close(3000, 1)).toMatchObject([
      { slice: 2, ok: 1, maxMs: expect.closeTo(10, 1), inFlight: 1 },
    ]);
    expect(series.close(3500, 1)).toEqual([]);
  });

  it("what ends after its slice was closed is told apart, and nothing that was told whole", () => {
    const series = made();
    for (const slice of [0, 0, 1]) series.due(slice);
    series.ended(0, "ok", flightOf(50), true);
    expect(series.close(1000, 1)).toMatchObject([{ slice: 0, due: 2, ok: 1, bad: 0 }]);
    expect(series.late()).toEqual([]);
    series.ended(0, "reset", flightOf(50), true);
    series.ended(1, "ok", flightOf(50), true);
    series.close(3000, 0);
    expect(series.late()).toEqual([[0, 1, 1]]);
  });

  it("end with the last one in which something fell due or was answered", () => {
    const series = made();
    for (const slice of [0, 3]) series.due(slice);
    series.ended(0, "ok", flightOf(50), true);
    series.close(9000, 0);
    expect(series.whole()).toMatchObject({
      scenario: "chat",
      sliceMs: 1000,
      due: [1, 0, 0, 1],
      ok: [1, 0, 0, 0],
      bad: [0, 0, 0, 0],
      inFlight: [0, 0, 0, 0],
      p99Ms: [expect.closeTo(50, 0), null, null, null],
    });
    expect(made().whole().due).toEqual([]);
  });
});

describe("what the report draws of the whole", () => {
  function hundred(bad: number): Series {
    const series = made();
    for (let ms = 11; ms <= 110; ms++) {
      const stream = { contentEvents: 1, firstContentMs: 1010 + ms };
      series.ended(0, ms > 110 - bad ? "reset" : "ok", flightOf(ms, stream), true);
    }
    return series;
  }
  const quantiles = (series: Series): number[] => series.whole().percentiles.map(([q]) => q);

  it("quantiles that at least one request lies beyond, with their service times", () => {
    const series = hundred(0);
    expect(quantiles(series)).toEqual([0.5, 0.75, 0.9, 0.95, 0.99, 1]);
    expect(series.whole()).toMatchObject({ n: 100 });
    const [, greatest, service] = series.whole().percentiles.at(-1) ?? [];
    expect(greatest).toBeCloseTo(110, 0);
    expect(service).toBeCloseTo(100, 0);
    const [median] = series.whole().percentiles;
    expect(median?.[1]).toBeCloseTo(60, 0);
    expect(median?.[2]).toBeCloseTo(50, 0);
    const { ttft } = series.whole();
    expect(ttft.map(([q]) => q)).toEqual([0.5, 0.75, 0.9, 0.95, 0.99]);
    expect(ttft[0]?.[1]).toBeCloseTo(60, 0);
  });

  it("none that a request without an answer lies in: those took for ever", () => {
    expect(quantiles(hundred(1))).toEqual([0.5, 0.75, 0.9, 0.95, 0.99]);
    expect(quantiles(hundred(2))).toEqual([0.5, 0.75, 0.9, 0.95]);
    expect(quantiles(hundred(30))).toEqual([0.5]);
  });

  it("waits before sending by three quantiles, and none of what never was", () => {
    const series = hundred(0);
    expect(series.waits()).toMatchObject({
      scenario: "chat",
      pacerLag: [],
      cold: [],
      coldRequests: 0,
      queueWait: [
        [0.5, 6],
        [0.9, 6],
        [0.99, 6],
      ],
    });
  });
});

describe("figures", () => {
  it("a rank is the one a quantile names, rounding aside; times are told to the microsecond", () => {
    expect([rankOf(0.99, 100), rankOf(0.5, 3), rankOf(0, 9), rankOf(1, 9)]).toEqual([99, 2, 1, 9]);
    expect([toMs(1500), toMs(0.4), toMs(1_000_001)]).toEqual([1.5, 0, 1000.001]);
  });
});
