import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClaimVerdict } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { absentRun, readImportPlan } from "../load/interop/index.ts";
import { readForeign } from "../load/interop/read-foreign.ts";
import { type ImportJob, importRun } from "./import-run.ts";

const fixtures = new URL("../load/interop/fixtures/", import.meta.url);

function jobOf(name: string, o: Partial<ImportJob> = {}): ImportJob {
  const files = [{ name, text: readFileSync(new URL(name, fixtures), "utf8") }];
  const modifiedAt = new Date(systemClock().wallMs()).toISOString();
  const given = { thresholds: [], accepts: true, confidence: 0.95 };
  return { run: readForeign(files), files, modifiedAt, ...given, ...o };
}

async function run(job: ImportJob): Promise<{ claims: readonly ClaimVerdict[]; evidence: string }> {
  const result = await importRun(job, {
    clock: systemClock(),
    random: seededRandom(1),
    runsDir: mkdtempSync(join(tmpdir(), "loadline-import-")),
    toolVersion: "0",
    reporters: [],
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  const evidence = readFileSync(join(result.runDir, "evidence.jsonl"), "utf8");
  return { claims: result.verdict.claims, evidence };
}

const words = (claims: readonly ClaimVerdict[]): Record<string, string> =>
  Object.fromEntries(
    claims.map(({ id, verdict, reason }) => [id, `${verdict} ${reason ?? ""}`.trim()]),
  );

const many = (o: object = {}) => {
  const values = { count: 2000, min: 1, med: 20, "p(95)": 90, "p(99)": 120, max: 180, avg: 30 };
  const metrics = {
    http_req_duration: values,
    http_reqs: { count: 2000, rate: 10 },
    http_req_failed: { passes: 0, fails: 2000, value: 0 },
    checks: { passes: 2000, fails: 0, value: 1 },
    ...o,
  };
  const files = [{ name: "s.json", text: JSON.stringify({ metrics }) }];
  const modifiedAt = new Date(systemClock().wallMs()).toISOString();
  return { run: readForeign(files), files, modifiedAt, accepts: true, confidence: 0.95 };
};

describe("imported results as a run", () => {
  it("pass only what both bounds prove, with the plan's word that they may count", async () => {
    const thresholds = [
      { selector: "http_req_duration", threshold: "p(95)<200ms", id: "fast" },
      { selector: "http_req_duration", threshold: "p(95)<100ms", id: "open" },
      { selector: "http_req_duration", threshold: "med<10ms", id: "slow" },
      { selector: "http_req_failed", threshold: "rate<1%", id: "good" },
      { selector: "checks", threshold: "rate>0.99", id: "checked" },
      { selector: "http_req_duration", threshold: "max<1s", id: "top" },
      { selector: "http_reqs", threshold: "count>1000", id: "enough" },
      { selector: "http_reqs", threshold: "count>3000", id: "more" },
    ];
    const { claims } = await run({ ...many(), thresholds });
    expect(words(claims)).toMatchObject({
      fast: "passed",
      good: "passed",
      checked: "passed",
      top: "passed",
      enough: "passed",
      more: "failed false",
      "load.alive": "passed",
      // Between 1 % and 5 % over: enough for the quantile, but their times are unknown.
      open: expect.stringMatching(/^inconclusive/),
      slow: expect.stringMatching(/^(failed|inconclusive)/),
    });
  });

  it("without that word every claim is inconclusive, and says that the results are foreign", async () => {
    const thresholds = [{ selector: "http_req_duration", threshold: "p(95)<200ms", id: "fast" }];
    const { claims } = await run({ ...many(), accepts: false, thresholds });
    expect(words(claims)).toEqual({
      fast: "inconclusive foreign",
      "load.alive": "inconclusive foreign",
      "load.errors": "inconclusive foreign",
    });
  });

  it("older than a day they are stale", async () => {
    const old = { ...many(), modifiedAt: "2020-01-01T00:00:00.000Z" };
    const { claims } = await run({ ...old, thresholds: [] });
    expect(new Set(claims.map(({ verdict }) => verdict))).toEqual(new Set(["not_tested"]));
    expect(claims[0]?.reason).toBe("stale");
  });

  it("the plan says how old they may be", async () => {
    const hourAgo = new Date(systemClock().wallMs() - 3_600_000).toISOString();
    const thresholds = [{ selector: "http_req_duration", threshold: "p(95)<200ms", id: "fast" }];
    const of = async (maxAgeMs: number): Promise<string | undefined> => {
      const job = { ...many(), modifiedAt: hourAgo, thresholds, maxAgeMs };
      return words((await run(job)).claims)["fast"];
    };
    expect(await of(2 * 3_600_000)).toBe("passed");
    expect(await of(60_000)).toBe("not_tested stale");
    const read = readImportPlan("p.yaml", 'accept: imported\nmaxAge: "2 h"\n');
    expect(read).toMatchObject({ accepts: true, maxAgeMs: 7_200_000 });
    expect(() => readImportPlan("p.yaml", "maxAge: 2\n")).toThrow(/maxAge/);
  });

  it("what the results do not hold is not tested, with the reason", async () => {
    const thresholds = [
      { selector: "response_time", threshold: "p(95)<1s", id: "intended" },
      { selector: "ttft", threshold: "p(95)<1s", id: "ttft" },
      { selector: "http_req_duration", threshold: "p(95)<1s over(60s)", id: "windows" },
      { selector: "http_req_duration", threshold: "p(95)<baseline+10%", id: "arms" },
      { selector: "http_req_duration{scenario:none}", threshold: "p(95)<1s", id: "tag" },
      { selector: "http_req_duration", threshold: "p(42)>1", id: "figure" },
    ];
    const { claims } = await run({ ...many(), thresholds });
    for (const { id } of thresholds) {
      expect(words(claims)[id], id).toBe("not_tested capability_missing");
    }
  });

  it("figures of a run with failed requests in them decide nothing", async () => {
    const failed = { http_req_failed: { passes: 5, fails: 1995, value: 0.0025 } };
    const thresholds = [
      { selector: "http_req_duration", threshold: "max<1s", id: "max" },
      { selector: "http_req_duration", threshold: "avg<1s", id: "avg" },
    ];
    const { claims } = await run({ ...many(failed), thresholds });
    expect(words(claims)).toMatchObject({
      max: "not_tested capability_missing",
      avg: "not_tested capability_missing",
    });
  });

  it("both summaries and Locust's JSON of a dead target pass nothing", async () => {
    for (const name of ["k6-dead-export.json", "k6-dead-handle.json", "locust-dead.json"]) {
      const thresholds = [{ selector: "http_req_duration", threshold: "p(95)<500", id: "fast" }];
      const job = jobOf(name, { thresholds });
      const fresh = { ...job, run: { ...job.run, measuredAt: null } };
      const { claims } = await run(fresh);
      expect(
        claims.filter(({ verdict }) => verdict === "passed"),
        name,
      ).toEqual([]);
      expect(words(claims)["load.alive"], name).toBe("failed false");
    }
  });

  it("the tool's own thresholds become claims when the plan has none, and its words stay apart", async () => {
    const { claims, evidence } = await run(jobOf("k6-handle.json", { accepts: false }));
    expect(claims.map(({ id }) => id)).toContain("import.http_req_duration.p_95");
    const note = evidence.split("\n").find((line) => line.includes('"own"'));
    expect(note).toContain('"provenance":"imported"');
    expect(note).toContain('"crossed":true');
  });

  it("evidence names its origin, and the files lie in the bundle by digest", async () => {
    const { evidence } = await run({ ...many(), thresholds: [] });
    const tally = JSON.parse(
      evidence.split("\n").find((line) => line.includes("sample.tally")) ?? "{}",
    ) as Record<string, unknown>;
    expect(tally["provenance"]).toBe("imported");
    expect(tally["data"]).toMatchObject({ importedFrom: "k6 (k6-summary-export)" });
    expect(tally["refs"]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });

  it("a missing tool leaves every claim not tested, for that reason", async () => {
    const toolMissing = "k6 is not in any folder of PATH.";
    const thresholds = [{ selector: "http_req_duration", threshold: "p(95)<1s", id: "fast" }];
    const job = { ...jobOf("k6-export.json"), run: absentRun("k6"), files: [], toolMissing };
    const { claims } = await run({ ...job, thresholds });
    expect(words(claims)).toEqual({
      fast: "not_tested tool_missing",
      "load.alive": "not_tested tool_missing",
      "load.errors": "not_tested tool_missing",
    });
  });

  it("pods without results leave gaps, and late iterations take away a failure", async () => {
    const row = { id: "c", part: "all", n: 500, over: 0, limitMs: 500 };
    const line = (over: number, lagP99Ms: number): string =>
      `LOADLINE_RESULT ${JSON.stringify({ v: 1, plan: "p", rows: [{ ...row, over }], ok: { s: { ok: 500, n: 500 } }, requests: 500, lagP99Ms, notTested: [] })}\n`;
    const claim = {
      id: "c",
      statement: "p95 < 500 ms",
      kind: "quantile",
      of: "load.c",
      parts: ["all"],
      target: 0.95,
      limit: 500,
      unit: "ms",
      confidence: 0.95,
      required: true,
      category: "Performance & Capacity",
      rationale: "A user waits for it.",
    } as const;
    const judge = async (
      log: string,
      scriptsExpected: number,
      digest = "p",
    ): Promise<string | undefined> => {
      const files = [{ name: "pod.log", text: log }];
      const job = { ...many(), run: readForeign(files), files, thresholds: [], scriptsExpected };
      const exported = { bound: [{ claim, limits: [], notes: [] }], digest };
      const { claims, evidence } = await run({ ...job, exported });
      const pods = evidence.split("\n").find((text) => text.includes('"guard":"guard.load.pods"'));
      // No kind beside: one that came later makes the record malformed to a build of fold 2.
      expect(pods).toContain('"kinds":["quantile"]');
      return words(claims)["c"];
    };
    expect(await judge(line(0, 1), 1)).toBe("passed");
    expect(await judge(line(0, 1), 2)).toBe("inconclusive gaps");
    expect(await judge(line(0, 99), 1)).toBe("passed");
    expect(await judge(line(500, 99), 1)).toMatch(/^inconclusive/);
    // A script of the plan as it was before says nothing of the plan as it is.
    expect(await judge(line(0, 1), 1, "q")).toBe("not_tested capability_missing");
  });

  it("only a required promise on the failures of all requests takes the place of the default", async () => {
    const failing = { http_req_failed: { passes: 1_000, fails: 1_000, value: 0.5 } };
    const of = async (selector: string, threshold: string, required = true) => {
      const thresholds = [{ selector, threshold, id: "own", required }];
      return words((await run({ ...many(failing), thresholds })).claims)["load.errors"];
    };
    expect(await of("http_req_failed", "rate<0.9", false)).toMatch(/^(failed|inconclusive)/);
    expect(await of("http_req_failed{name:a}", "rate<0.9")).toMatch(/^(failed|inconclusive)/);
    expect(await of("http_req_failed", "rate>0.1")).toMatch(/^(failed|inconclusive)/);
    expect(await of("http_req_failed", "rate<=0.2")).toBeUndefined();
    expect(await of("errors", "rate==0")).toBeUndefined();
  });

  it("a threshold named as the promise that something was answered stands beside it", async () => {
    const slow = { selector: "http_req_duration", threshold: "p(95)<1s", id: "load.alive" };
    const { claims } = await run({ ...many(), thresholds: [slow] });
    expect(claims.map(({ id }) => id)).toEqual(["load.alive", "load.errors", "load.alive_2"]);
    expect(words(claims)["load.alive"]).toBe("passed");
  });

  it("no failure is none only where nothing was dropped either", async () => {
    const thresholds = [{ selector: "http_req_failed", threshold: "rate==0", id: "none" }];
    const judge = async (o: object) =>
      words((await run({ ...many(o), thresholds })).claims)["none"];
    expect(await judge({})).toBe("passed");
    expect(await judge({ dropped_iterations: { count: 3, rate: 0.1 } })).toBe("failed false");
  });
});
