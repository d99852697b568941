import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ForeignRun } from "./foreign.ts";
import { readForeign } from "./read-foreign.ts";
import { findMetric, rateSample, slowSample } from "./samples.ts";

const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8");
const read = (...names: readonly string[]): ForeignRun =>
  readForeign(names.map((name) => ({ name, text: fixture(name) })));
const of = (value: unknown): ForeignRun =>
  readForeign([{ name: "given.json", text: JSON.stringify(value) }]);
const refused = (text: string): string => {
  try {
    readForeign([{ name: "x", text }]);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "not refused";
};

describe("k6 summaries", () => {
  it("the three shapes of 2.2 are told apart by their keys alone", () => {
    expect(read("k6-export.json").format).toBe("k6-summary-export");
    expect(read("k6-handle.json").format).toBe("k6-handle-summary");
    const machine = read("k6-machine.json");
    expect(machine.format).toBe("k6-machine-readable");
    expect(machine.version).toBe("2.2.0");
    expect(machine.measuredAt).toBe("2026-11-21T19:30:39.224Z");
    expect(machine.thresholds).toEqual([]);
    expect(machine.notes.join(" ")).toContain("no thresholds");
  });

  it("the oldest shape's booleans mean crossed, handleSummary's `ok` the reverse", () => {
    const expressions = (run: ForeignRun) =>
      Object.fromEntries(run.thresholds.map((row) => [row.expression, row.crossed]));
    for (const name of ["k6-export.json", "k6-handle.json"]) {
      expect(expressions(read(name)), name).toMatchObject({ "p(95)<500": false, "p(99)<5": true });
    }
    expect(
      expressions(of({ metrics: { m: { med: 1, thresholds: { a: false, b: true } } } })),
    ).toEqual({
      a: false,
      b: true,
    });
  });

  it("machine-readable keys are read in both of their spellings", () => {
    for (const [versionKey, key] of [
      ["k6_version", "p90"],
      ["k6Version", "p(90)"],
    ] as const) {
      const metric = { name: "http_req_duration", type: "trend", contains: "time" };
      const run = of({
        metadata: { [versionKey]: "2.2.0" },
        results: { metrics: [{ ...metric, values: { [key]: 7 } }] },
      });
      expect(run.version).toBe("2.2.0");
      expect(run.metrics.get("http_req_duration")?.figures).toEqual({ "p(90)": 7 });
    }
  });

  it("of http_req_failed `passes` are the failed ones, in every shape", () => {
    const failed = (name: string): unknown => rateSample(read(name), "http_req_failed", true);
    expect(failed("k6-export.json")).toMatchObject({ n: 201, sure: 3, possible: 3 });
    expect(failed("k6-handle.json")).toMatchObject({ n: 201, sure: 3, possible: 3 });
    expect(failed("k6-machine.json")).toMatchObject({ n: 201, sure: 8, possible: 8 });
  });

  it("a dead target's refused connections are 0 ms and count as over every limit, whatever k6 says of it", () => {
    for (const name of ["k6-dead-export.json", "k6-dead-handle.json"]) {
      const run = read(name);
      const said = run.thresholds.find(({ expression }) => expression === "p(95)<500");
      expect(said?.crossed, name).toBe(false);
      expect(run.metrics.get("http_req_duration")?.figures["max"]).toBe(0);
      expect(rateSample(run, "errors", true)).toMatchObject({ n: 201, sure: 201 });
      expect(slowSample(run, "service_time", 500)).toMatchObject({ n: 201, sure: 201 });
    }
  });

  it("an absent series is written as zeros and is no data", () => {
    const run = read("k6-export.json");
    expect(run.metrics.get("http_req_duration{scenario:zz}")?.figures["max"]).toBe(0);
    expect(findMetric(run, "http_req_duration{scenario:zz}")).toEqual({
      missing: "nothing was measured for http_req_duration{scenario:zz}",
    });
    expect(run.notes.join(" ")).toContain("http_req_duration{scenario:zz}");
    const empty = of({ metrics: { checks: { value: 0, passes: 0, fails: 0 } } });
    expect(rateSample(empty, "checks", false)).toEqual({
      missing: "nothing was counted for checks",
    });
  });

  it("a trend without a count is counted by http_reqs, a custom one has no n", () => {
    const run = read("k6-export.json");
    expect(slowSample(run, "http_req_duration", 1000)).toMatchObject({ n: 201 });
    expect(slowSample(run, "my_t", 1000)).toMatchObject({
      missing: expect.stringContaining("summaryTrendStats"),
    });
    const counted = of({ metrics: { my_t: { count: 50, max: 9, med: 3 } } });
    expect(slowSample(counted, "my_t", 10)).toMatchObject({ n: 50, sure: 0, possible: 0 });
  });

  it("max under the limit leaves no slow request but the failed ones; p(95) over it makes 5 % sure", () => {
    const run = read("k6-export.json");
    // Good requests apart: none is slow, the three failed are over by failing.
    expect(slowSample(run, "http_req_duration", 33)).toMatchObject({
      n: 201,
      sure: 3,
      possible: 3,
    });
    const slow = slowSample(run, "http_req_duration", 20);
    // min 19.76 < 20 < med: half at least, all but one at most.
    expect(slow).toMatchObject({ n: 201 });
    if ("missing" in slow) throw new Error(slow.missing);
    expect(slow.sure).toBeGreaterThanOrEqual(101);
    expect(slow.possible).toBeLessThanOrEqual(200);
    expect(slow.sure).toBeLessThanOrEqual(slow.possible);
  });

  it("without http_req_failed any request may have failed", () => {
    const run = of({
      metrics: { http_req_duration: { max: 9, med: 3 }, http_reqs: { count: 100, rate: 1 } },
    });
    expect(slowSample(run, "http_req_duration", 10)).toMatchObject({
      n: 100,
      sure: 0,
      possible: 100,
    });
    expect(run.notes.join(" ")).toContain("unknown");
  });

  it("dropped iterations were due: they add to n and to what is over", () => {
    const run = of({
      metrics: {
        http_req_duration: { max: 9, med: 3 },
        http_reqs: { count: 100, rate: 1 },
        http_req_failed: { passes: 0, fails: 100, value: 0 },
        "http_req_duration{scenario:a}": { max: 9, med: 3, count: 60 },
        dropped_iterations: { count: 20, rate: 1 },
      },
    });
    expect(slowSample(run, "http_req_duration", 10)).toMatchObject({
      n: 120,
      sure: 20,
      possible: 20,
      badBy: { dropped: 20 },
    });
    expect(rateSample(run, "http_req_failed", true)).toMatchObject({ n: 120, sure: 20 });
    // Which scenario they were dropped from is not said.
    expect(slowSample(run, "http_req_duration{scenario:a}", 10)).toMatchObject({
      n: 80,
      sure: 0,
      possible: 20,
    });
  });

  it("says nothing of intended times, which k6 does not keep", () => {
    expect(slowSample(read("k6-export.json"), "response_time", 500)).toMatchObject({
      missing: expect.stringContaining("no intended times"),
    });
  });
});

describe("Locust results", () => {
  it("the buckets of the JSON give a range over a limit from their half-widths, failures added", () => {
    const run = read("locust.json");
    expect(run.format).toBe("locust-json");
    const all = slowSample(run, "http_req_duration", 1000);
    expect(all).toMatchObject({ n: 222, sure: 9, possible: 18 - 9 });
    const exact = of([entry({ "140": 3, "150": 1, "90": 96 }, { max: 152 })]);
    // 140 stands for 135..145: at 141 it may be either.
    expect(slowSample(exact, "http_req_duration", 141)).toMatchObject({
      n: 100,
      sure: 1,
      possible: 4,
    });
    expect(slowSample(exact, "http_req_duration", 160)).toMatchObject({ sure: 0, possible: 0 });
    expect(slowSample(exact, "http_req_duration", 90)).toMatchObject({ sure: 4, possible: 100 });
  });

  it("failed requests lie in the buckets as fast ones and count as over", () => {
    const run = read("locust-dead.json");
    expect(slowSample(run, "http_req_duration", 500)).toMatchObject({ n: 135, sure: 135 });
    expect(rateSample(run, "http_req_failed", true)).toMatchObject({ n: 135, sure: 135 });
    expect(run.notes.join(" ")).toContain("fast");
  });

  it("seconds of the JSON are kept with the failures, so that bursts can be told", () => {
    const rate = rateSample(read("locust.json"), "http_req_failed", true);
    if ("missing" in rate) throw new Error(rate.missing);
    expect(rate.slices.reduce((sum, [n]) => sum + n, 0)).toBe(222);
    expect(rate.slices.reduce((sum, [, bad]) => sum + bad, 0)).toBe(9);
  });

  it("bucket keys are read with and without a decimal point", () => {
    for (const key of ["140", "140.0"]) {
      const run = of([entry({ [key]: 5 }, { max: 143 })]);
      expect(run.metrics.get("http_req_duration")?.buckets, key).toEqual([[140, 5]]);
    }
  });

  it("an empty list is no data, not a clean run", () => {
    const run = of([]);
    expect(findMetric(run, "http_req_failed")).toMatchObject({ missing: expect.any(String) });
    expect(run.notes.join(" ")).toContain("sent nothing");
  });

  it("the CSV lags: with both, the JSON counts and the difference is said", () => {
    const csv = ["locust_stats.csv", "locust_failures.csv", "locust_exceptions.csv"];
    const run = read("locust.json", ...csv, "locust_stats_history.csv");
    expect(run.metrics.get("http_reqs")?.count).toBe(222);
    expect(run.notes.join(" ")).toContain("187 requests, the JSON 222");
    expect(run.failures.map(({ count }) => count)).toEqual([3, 5]);
  });

  it("percentiles of the CSV bound the counts by rank and rounding; N/A is no figure", () => {
    const run = read("locust_stats.csv");
    expect(run.metrics.get("http_reqs")?.count).toBe(187);
    const slow = slowSample(run, "http_req_duration", 60);
    if ("missing" in slow) throw new Error(slow.missing);
    // p98 = 68, p95 = 40 and 8 failures.
    expect(slow.sure).toBe(8);
    expect(slow.possible).toBe(187 - Math.floor(187 * 0.95) - 1 + 8);
    const cells = "Type,Name,Request Count,Failure Count,Min Response Time,Max Response Time,95%";
    const none = readForeign([{ name: "s.csv", text: `${cells}\nGET,/x,0,0,N/A,N/A,N/A\n` }]);
    expect(none.metrics.get("http_req_duration{name:/x,method:GET}")?.figures).toEqual({});
  });

  it("a selector may name fewer tags than the series has, when one series fits", () => {
    const run = read("locust.json");
    expect(slowSample(run, "service_time{name:/x}", 1000)).toMatchObject({ n: 105 });
    expect(findMetric(run, "service_time{method:GET}")).toHaveProperty("missing");
  });

  it("the history alone gives totals and seconds, never the percentiles of its last seconds", () => {
    const run = read("locust_stats_history.csv");
    expect(run.metrics.get("http_reqs")?.count).toBe(187);
    expect(run.metrics.get("http_req_duration")?.figures["p(95)"]).toBeUndefined();
    expect(run.metrics.get("http_req_failed")?.perSecond).toEqual([
      [61, 2],
      [65, 3],
      [61, 3],
    ]);
    expect(run.measuredAt).toBe("2026-11-21T19:30:55.000Z");
  });
});

describe("files that are no results", () => {
  it("are refused by what was seen in them, never by an exception of another kind", () => {
    expect(refused("not json")).toContain("no JSON");
    expect(refused("")).toContain("no JSON");
    expect(refused('{"a":1,"b":2}')).toContain("keys a, b");
    expect(refused("[1,2]")).toContain("a list of 2");
    expect(refused('{"metrics":[]}')).toContain("keys metrics");
    expect(refused('{"metrics":{"m":5}}')).toContain("metric m is a number");
    expect(refused('{"metrics":{"m":{}}}')).toContain("no known type");
    expect(refused('{"results":{"metrics":[{}]}}')).toContain("results.metrics[0]");
    expect(refused("Type,Name,Request Count,Failure Count\nGET,/x,1\n")).toContain("line 2");
    expect(refused("Type,Name,Request Count,Failure Count\nGET,/x,1,5\n")).toContain("counts");
    expect(refused(JSON.stringify([{ ...entry({ "1": 3 }, {}), num_requests: 9 }]))).toContain(
      "does not add up",
    );
  });

  it("two summaries, or one of each tool, are refused", () => {
    const two = ["k6-export.json", "k6-handle.json"];
    expect(() => read(...two)).toThrow("more than one summary");
    expect(() => read("k6-export.json", "locust_stats.csv")).toThrow("two tools");
    expect(() => readForeign([])).toThrow("no file");
  });
});

function entry(times: Readonly<Record<string, number>>, o: { max?: number }): object {
  const n = Object.values(times).reduce((sum, count) => sum + count, 0);
  return {
    name: "/x",
    method: "GET",
    num_requests: n,
    num_none_requests: 0,
    num_failures: 0,
    response_times: times,
    ...(o.max !== undefined && { max_response_time: o.max }),
  };
}
