import { describe, expect, it } from "vitest";
import type { ForeignRun } from "./foreign.ts";
import { readForeign } from "./read-foreign.ts";
import { rateSample, slowSample } from "./samples.ts";

const times = { avg: 5, min: 1, med: 4, max: 20, "p(90)": 8, "p(95)": 9 };
const clean = {
  http_req_duration: times,
  http_req_failed: { passes: 20, fails: 1_980, value: 0.01 },
  http_reqs: { count: 2_000, rate: 200 },
};

const read = (metrics: object): ForeignRun =>
  readForeign([{ name: "k6.json", text: JSON.stringify({ metrics: { ...clean, ...metrics } }) }]);
const slow = (metrics: object): object => slowSample(read(metrics), "http_req_duration", 500);

describe("a summary of k6 whose figures cannot all be true", () => {
  it.each<[string, object, string]>([
    ["half a request", { http_req_failed: { passes: 0.5, fails: 1_999.5 } }, "no whole number"],
    ["more than can be counted", { http_reqs: { count: 1e300 } }, "no whole number"],
    [
      "a share that its counts do not give",
      { http_req_failed: { passes: 0, fails: 2_000, value: 0.9 } },
      "0 of 2000 is no share of 0.9",
    ],
    [
      "more failures than requests",
      { http_req_failed: { type: "rate", passes: 7, total: 5 } },
      "does not add up: 7 of 5",
    ],
    [
      "a trend with half a sample",
      { http_req_duration: { ...times, count: 10.5 } },
      "no whole number",
    ],
  ])("with %s is refused", (_, metrics, why) => {
    expect(() => read(metrics)).toThrow(why);
    expect(() => read(metrics)).toThrow(expect.objectContaining({ code: "LL_LOAD_IMPORT_FORMAT" }));
  });

  it.each<[string, object, string]>([
    ["a longest time below the shortest", { max: 0.5 }, "max, 0.5, is below p(95), 9"],
    ["a time below zero", { min: -3 }, "min is a time of -3 ms"],
    ["a percentile above the longest", { "p(95)": 9_000 }, "max, 20, is below p(95), 9000"],
    ["a median above a percentile", { med: 8.5 }, "p(90), 8, is below med, 8.5"],
  ])("with %s decides nothing by them, and says so", (_, wrong, why) => {
    const metrics = { http_req_duration: { ...times, ...wrong } };
    expect(slow(metrics)).toMatchObject({ n: 2_000, sure: 20, possible: 2_000 });
    expect(read(metrics).notes).toContain(`Of http_req_duration no figure is used: ${why}.`);
  });

  it("requests that were not judged may all have failed", () => {
    expect(slow({})).toMatchObject({ n: 2_000, sure: 20, possible: 20 });
    const few = { http_req_failed: { passes: 1, fails: 4, value: 0.2 } };
    expect(slow(few)).toMatchObject({ n: 2_000, sure: 1, possible: 1_996 });
    const failed = rateSample(read(few), "http_req_failed", true);
    expect(failed).toMatchObject({ n: 2_000, sure: 1, possible: 1_996 });
  });

  it("takes a share that was rounded, an equal rank told twice, and a script's own sums", () => {
    const told = { ...times, "p(50)": 4.5, "p(99)": 20 };
    const run = read({
      http_req_failed: { passes: 20, fails: 1_980, value: 0.014 },
      http_req_duration: told,
      euros: { type: "counter", count: 12.5, rate: 1 },
      depth: { type: "trend", min: -4, avg: -1, max: 2 },
    });
    expect(run.metrics.get("http_req_duration")?.figures).toMatchObject(told);
    expect(run.metrics.get("depth")?.figures).toMatchObject({ min: -4, max: 2 });
    expect(run.metrics.get("euros")?.count).toBe(12.5);
  });
});

describe("statistics of Locust that cannot all be true", () => {
  const entry = (n: number): string =>
    JSON.stringify([{ name: "a", num_requests: n, num_failures: 0, response_times: { "140": n } }]);
  const table = (cells: string): ForeignRun => {
    const columns = "Type,Name,Request Count,Failure Count,Min Response Time,Max Response Time";
    const text = `${columns},50%,99%\n,Aggregated,${cells}\n`;
    return readForeign([{ name: "l_stats.csv", text }]);
  };

  it("half a request is refused, in JSON and in CSV", () => {
    expect(() => readForeign([{ name: "l.json", text: entry(10.5) }])).toThrow("num_requests");
    expect(readForeign([{ name: "l.json", text: entry(10) }]).metrics.size).toBeGreaterThan(0);
    expect(() => table("10.5,0,1,20,4,15")).toThrow("no fitting counts");
    expect(table("10,0,1,20,4,15").metrics.get("http_req_duration")?.count).toBe(10);
  });

  it("a longest time below the median decides nothing; one below a rounded percentile does", () => {
    const wrong = table("2000,0,1,0,4,15");
    expect(slowSample(wrong, "http_req_duration", 500)).toMatchObject({ sure: 0, possible: 2_000 });
    expect(wrong.notes.join(" ")).toContain("no figure is used: max, 0, is below p(99), 15");
    // 1,267 ms is the 1,300 of its percentile.
    const rounded = table("2000,0,1,1267,4,1300");
    expect(slowSample(rounded, "http_req_duration", 2_000)).toMatchObject({ possible: 0 });
  });
});
