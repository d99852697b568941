import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFlight, type Flight, type LoadOutcome } from "../engine/flight.ts";
import type { LoadLimit, LoadPlan } from "../types.ts";
import { Arena } from "./arena.ts";
import { LimitCounter } from "./limits.ts";
import { metricOf } from "./metrics.ts";
import { Recorder } from "./recorder.ts";

const base: LoadLimit = {
  scenario: "s",
  metric: "response_time",
  limitMs: 100,
  quantile: 0.9,
  claim: "c",
  stream: "load.c",
  part: "all",
};

function answered(responseMs: number, of: Partial<Flight> = {}): Flight {
  const flight = createFlight(0, 0, 1000);
  return Object.assign(flight, { wakeMs: 1001, sendMs: 1002, doneMs: 1000 + responseMs, ...of });
}

function tallyOf(limit: Partial<LoadLimit>, ended: readonly [Flight, LoadOutcome][]) {
  const counter = new LimitCounter(
    { ...base, ...limit },
    { arena: new Arena(), sliceMs: 1000, slices: 4, steps: null },
  );
  ended.forEach(([flight, outcome], i) => counter.count(flight, outcome, i % 3));
  return counter.tally();
}

describe("limit counter", () => {
  it("at the limit is over it, below is not, and the count does not go through buckets", () => {
    const values = [99.999, 100, 100.001, 5];
    const tally = tallyOf(
      {},
      values.map((ms) => [answered(ms), "ok"]),
    );
    expect(tally).toMatchObject({ n: 4, bad: 2, undefined: 0, badBy: { over_limit: 2 } });
    expect(tally.slices).toEqual([
      [2, 0],
      [1, 1],
      [1, 1],
    ]);
  });

  it("every bad outcome is over every limit, however fast it came", () => {
    const ended: [Flight, LoadOutcome][] = [
      [answered(1), "ok"],
      [answered(1), "status_5xx"],
      [answered(1), "connect"],
    ];
    const metrics = ["response_time", "ttft", "errors", "good"] as const;
    for (const metric of metrics) {
      const tally = tallyOf({ metric, slo: {} }, ended);
      expect(tally.badBy).toMatchObject({ status_5xx: 1, connect: 1 });
      expect([tally.n, tally.bad]).toEqual([3, 2]);
    }
  });

  it("what a request waited for is told apart: the pacer before it, a user or a connection after", () => {
    const flight = answered(50, { wakeMs: 1_003, sendMs: 1_010 });
    expect(metricOf(flight, "pacer_lag")).toBe(3);
    expect(metricOf(flight, "queue_wait")).toBe(7);
    expect(metricOf(flight, "pacer_lag") + metricOf(flight, "queue_wait") + 40).toBe(
      metricOf(flight, "response_time"),
    );
    const dropped = answered(50, { sendMs: Number.NaN });
    expect(tallyOf({ metric: "queue_wait", limitMs: 5 }, [[dropped, "dropped"]])).toMatchObject({
      n: 1,
      bad: 1,
      badBy: { dropped: 1 },
    });
  });

  it("a value that could not be measured is undefined, neither good nor zero", () => {
    const none = answered(10, { tokens: 1, firstContentMs: 1003, lastContentMs: 1004 });
    for (const metric of ["ttft", "tpot"] as const) {
      const flight = metric === "ttft" ? answered(10) : none;
      expect(tallyOf({ metric }, [[flight, "ok"]])).toMatchObject({ n: 1, bad: 0, undefined: 1 });
    }
    expect(tallyOf({ metric: "good", slo: { tpotMs: 9 } }, [[none, "ok"]])).toMatchObject({
      bad: 1,
      badBy: { missing_metric: 1 },
    });
  });

  it("the shown quantile counts bad outcomes as endless and is absent when it is one of them", () => {
    const fast = Array.from({ length: 9 }, (_, i): [Flight, LoadOutcome] => [
      answered(i + 1),
      "ok",
    ]);
    const one = tallyOf({}, [...fast, [answered(1), "reset"]]);
    expect(one.observedMs).toBe(9);
    const two = tallyOf({}, [...fast.slice(1), [answered(1), "reset"], [answered(1), "reset"]]);
    expect(two.observedMs).toBeUndefined();
    expect(two.maxMs).toBe(9);
  });

  it("the bounding order statistic is there from the n that bounds the quantile", () => {
    const ok = (count: number): [Flight, LoadOutcome][] =>
      Array.from({ length: count }, () => [answered(7), "ok"]);
    expect(tallyOf({ quantile: 0.95 }, ok(58)).upperMs).toBeUndefined();
    expect(tallyOf({ quantile: 0.95 }, ok(59)).upperMs).toBe(7);
  });

  it("each metric counts from its own start", () => {
    const content = { firstContentMs: 1012, lastContentMs: 1042, contentReads: 2, tokens: 4 };
    const flight = answered(50, content);
    expect(metricOf(flight, "response_time")).toBe(50);
    expect(metricOf(flight, "service_time")).toBe(48);
    expect(metricOf(flight, "ttft")).toBe(10);
    expect(metricOf(flight, "ttft_open")).toBe(12);
    expect(metricOf(flight, "e2e")).toBe(40);
    expect(metricOf(flight, "tpot")).toBe(10);
  });

  it("a request's way over its socket has k6's parts, from the moment it could begin", () => {
    const wire = {
      connectMs: 3,
      tlsMs: 4,
      readyMs: 1010,
      sentMs: 1012,
      sentBytes: 70,
      receivedBytes: 900,
    };
    const cold = answered(50, { firstByteMs: 1030, wire });
    const of = (flight: Flight) =>
      (
        [
          "http_req_blocked",
          "http_req_connecting",
          "http_req_tls_handshaking",
          "http_req_sending",
          "http_req_receiving",
          "data_sent",
          "data_received",
        ] as const
      ).map((metric) => metricOf(flight, metric));
    expect(of(cold)).toEqual([9, 3, 4, 2, 20, 70, 900]);
    const known = { ...wire, connectMs: 0, tlsMs: 0, readyMs: Number.NaN, sentMs: 1003 };
    expect(of(answered(50, { firstByteMs: 1030, wire: known }))).toEqual([1, 0, 0, 1, 20, 70, 900]);
    // Nobody saw the last byte go: at the latest with the first one of the answer.
    const unseen = { ...known, sentMs: Number.NaN };
    expect(of(answered(50, { firstByteMs: 1030, wire: unseen }))[3]).toBe(28);
  });

  it("bytes count whatever comes of a request; of one that was never sent there are none", () => {
    const wire = {
      connectMs: 0,
      tlsMs: 0,
      readyMs: Number.NaN,
      sentMs: 1003,
      sentBytes: 70,
      receivedBytes: 900,
    };
    const ended: [Flight, LoadOutcome][] = [
      [answered(5, { wire }), "ok"],
      [answered(5, { wire }), "status_5xx"],
      [answered(5, { sendMs: Number.NaN }), "dropped"],
    ];
    const limit = { metric: "data_received", limitMs: 1e9, figures: true } as const;
    const tally = tallyOf(limit, ended);
    expect(tally).toMatchObject({
      n: 3,
      bad: 0,
      undefined: 0,
      figures: { values: 3, sumMs: 1_800 },
    });
    // A client whose sockets nobody listens to.
    expect(tallyOf(limit, [[answered(5), "ok"]])).toMatchObject({ n: 1, undefined: 1 });
  });
});

const plan: LoadPlan = {
  target: { baseUrl: "http://127.0.0.1" },
  seed: 1,
  scenarios: {
    s: {
      executor: "constant-arrival-rate",
      rate: 100,
      durationMs: 5000,
      warmupMs: 1000,
      gracefulStopMs: 1000,
      request: { kind: "http", method: "GET", path: "/" },
    },
  },
  limits: [base],
};

describe("recorder", () => {
  it("random outcomes always balance, the warm-up is in the series and in no claim", () => {
    const outcome = fc.constantFrom<LoadOutcome>("ok", "reset", "status_5xx", "dropped");
    const request = fc.tuple(
      fc.integer({ min: 0, max: 4999 }),
      fc.integer({ min: 0, max: 900 }),
      outcome,
    );
    fc.assert(
      fc.property(fc.array(request, { maxLength: 100 }), (requests) => {
        const recorder = new Recorder(plan);
        recorder.begin(0);
        for (const [intendedMs, tookMs, how] of requests) {
          const flight = createFlight(0, 0, intendedMs);
          recorder.due(0, flight);
          Object.assign(flight, {
            wakeMs: intendedMs,
            sendMs: intendedMs,
            doneMs: intendedMs + tookMs,
          });
          recorder.ended(flight, how);
        }
        const [account] = recorder.accounts();
        const bad = Object.values(account?.bad ?? {}).reduce((sum, count) => sum + count, 0);
        expect((account?.ok ?? 0) + bad).toBe(requests.length);
        recorder.closeSlices(9000);
        const series = recorder.scenarios[0]?.series.whole();
        expect(series?.due.reduce((sum, n) => sum + n, 0)).toBe(requests.length);
        const measured = requests.filter(([intendedMs]) => intendedMs >= 1000).length;
        expect(recorder.scenarios[0]?.limits[0]?.n).toBe(measured);
      }),
    );
  });

  it("tokens of generated text are known or not, whatever of a plan asked for it", () => {
    const steps = [{ name: "ask" }, { name: "get" }];
    const scenario = { executor: "constant-vus", vus: 1, durationMs: 5000, steps } as const;
    const recorder = new Recorder({ ...plan, scenarios: { s: scenario }, limits: [] });
    recorder.begin(0);
    for (const of of [
      { lastContentMs: 9 },
      { lastContentMs: 9, tokens: 7 },
      { lastContentMs: Number.NaN },
    ]) {
      const flight = Object.assign(createFlight(0, 0, 1), { wakeMs: 1, sendMs: 1, doneMs: 9 }, of);
      recorder.due(0, flight);
      recorder.ended(flight, "ok");
    }
    const tokens = { tokensKnown: 1, tokensUnknown: 1, outputTokens: 7 };
    expect(recorder.accounts()).toMatchObject([{ ok: 3, ...tokens }]);
  });

  it("a request without an outcome is LL_LOAD_ACCOUNTING", () => {
    const recorder = new Recorder(plan);
    recorder.begin(0);
    recorder.due(0, createFlight(0, 0, 10));
    const expected = expect.objectContaining({ code: "LL_LOAD_ACCOUNTING" });
    expect(() => recorder.accounts()).toThrow(expected);
  });

  it("slices count by intended second, latencies show in the second they ended", () => {
    const recorder = new Recorder(plan);
    recorder.begin(0);
    const flight = createFlight(0, 0, 500);
    recorder.due(0, flight);
    const [first] = recorder.closeSlices(1000);
    expect(first).toMatchObject({ slice: 0, due: 1, ok: 0, inFlight: 1, p99Ms: null });
    Object.assign(flight, { wakeMs: 500, sendMs: 500, doneMs: 1700 });
    recorder.ended(flight, "ok");
    const [second] = recorder.closeSlices(2000);
    expect(second).toMatchObject({ slice: 1, due: 0, ok: 0, inFlight: 0, maxMs: 1200 });
    expect(recorder.scenarios[0]?.series.whole()).toMatchObject({ due: [1, 0], ok: [1, 0] });
    expect(recorder.frame(2000)).toMatchObject({ due: 1, ok: 1, elapsedMs: 2000, leftMs: 3000 });
  });

  it("shown percentiles end where no request lies beyond, then comes the greatest", () => {
    const recorder = new Recorder(plan);
    recorder.begin(0);
    for (let i = 0; i < 100; i++) {
      const flight = createFlight(0, i, 2000);
      recorder.due(0, flight);
      Object.assign(flight, { wakeMs: 2000, sendMs: 2000, doneMs: 2000 + i });
      recorder.ended(flight, "ok");
    }
    const shown = recorder.scenarios[0]?.series.whole().percentiles.map(([q]) => q);
    expect(shown).toEqual([0.5, 0.75, 0.9, 0.95, 0.99, 1]);
  });
});
