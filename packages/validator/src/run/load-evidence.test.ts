import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fold, planDigest } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { afterEach, describe, expect, it } from "vitest";
import { createRecorder, type Recorder } from "../evidence/recorder.ts";
import { createRedactor } from "../evidence/redact.ts";
import { sha256 } from "../evidence/sha256.ts";
import { bindJob, type BoundJob, type LoadJob, type LoadRecord } from "../load/index.ts";
import { LoadEvidence } from "./load-evidence.ts";
import { loadRunPlan } from "./run-load-job.ts";

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

const request = { kind: "http", method: "GET", path: "/" } as const;
const job: LoadJob = {
  profile: "test",
  name: "target",
  load: {
    target: { baseUrl: "http://127.0.0.1:1" },
    seed: 7,
    scenarios: {
      get: { executor: "constant-arrival-rate", rate: 20, durationMs: 3_600_000, request },
    },
    limits: [],
  },
  thresholds: {
    response_time: [
      { threshold: "avg<900" },
      { threshold: "avg<900 confidence(0.95)" },
      { threshold: "p(95)<1s over(60s)" },
    ],
    rag_foreign: [{ threshold: "count==0" }],
  },
  confidence: 0.95,
  waive: [],
  explore: false,
};

interface Evidence {
  readonly bound: BoundJob;
  readonly recorder: Recorder;
  readonly evidence: LoadEvidence;
}

function open(asked = job): Evidence {
  const runDir = mkdtempSync(join(tmpdir(), "loadline-evidence-"));
  roots.push(runDir);
  mkdirSync(join(runDir, "artifacts"));
  const bound = bindJob(asked);
  const recorder = createRecorder({
    runDir,
    run: "run-1",
    planDigest: planDigest(loadRunPlan(bound), sha256),
    target: "target",
    toolVersion: "0.1.0",
    clock: systemClock(),
    redactor: createRedactor([], Buffer.alloc(32)),
  });
  return { bound, recorder, evidence: new LoadEvidence(bound, recorder) };
}

/** The tallies of an hour: 3,600 slices of 20 requests of 101.25 ms. */
function tally(claim: string, stream: string, bad = 0): LoadRecord {
  const slices = Array.from({ length: 3_600 }, (_, i): [number, number] => [20, i < bad ? 1 : 0]);
  const sums = slices.map(([n, k]): [number, number] => [n - k, 101.253917 * (n - k)]);
  const values = 72_000 - bad;
  return {
    type: "sample.tally",
    claim,
    tally: {
      stream,
      part: claim === "load.errors" ? "get" : "all",
      n: 72_000,
      bad,
      undefined: 0,
      slices,
      sliceMs: 1_000,
      badBy: { reset: bad },
      limitMs: claim.includes("p95") ? 1_000 : 900,
      maxMs: 101.3,
      figures: { values, sumMs: 101.253917 * values, minMs: 101.2, sums },
      metric: "response_time",
      series: "get",
      clock: "intended",
      over: 0,
      lookCount: 0,
      scheduleHash: "aa",
    },
  };
}

/** Questions to a collection: `bad` of them without a good answer. */
function questions(count: number, bad: number, scenario = "get", name = "rag_hit"): LoadRecord {
  const percentiles = [] as const;
  const figure = { scenario, figure: name, count, bad, sum: 1, min: 1, max: 1, percentiles };
  return { type: "figure", figure };
}

type Account = Extract<LoadRecord, { type: "load.ended" }>["accounts"][number];

const ended = (due: number, account: Partial<Account> = {}, early = {}): LoadRecord => ({
  type: "load.ended",
  reason: "done",
  ...early,
  accounts: [
    {
      scenario: "get",
      due,
      sent: due,
      ok: due,
      bad: {},
      ...account,
      tokensKnown: 0,
      tokensUnknown: 0,
      outputTokens: 0,
    },
  ],
});

function verdictsOf({ bound, recorder }: Evidence): Record<string, string> {
  const plan = loadRunPlan(bound);
  const o = { chainHead: recorder.head(), planDigest: planDigest(plan, sha256), now: "" };
  const { claims } = fold(plan, recorder.records, o);
  return Object.fromEntries(claims.map(({ id, verdict }) => [id, verdict]));
}

function feed(one: Evidence, bad = 0): void {
  for (const { claim, limits } of one.bound.bound) {
    if (limits.length > 0 && limits[0]?.metric !== "figure") {
      one.evidence.add(tally(claim.id, claim.of, bad));
    }
  }
}

/** What a ladder of 6 s is said to be, by its rounds of one user and of twenty. */
function speedUpOf(alone: readonly number[], rounds: readonly number[], early = {}): unknown {
  const ladder = { executor: "ladder", users: [1, 20], holdMs: 1_000, request } as const;
  const rule = { id: "speed_up", scenario: "get", users: 20, of: "speedUp", atLeast: 1 } as const;
  const load = { ...job.load, scenarios: { get: ladder } };
  const one = open({ ...job, load, thresholds: {}, ladder: [rule] });
  const mean = (all: readonly number[]): number =>
    all.reduce((sum, each) => sum + each, 0) / all.length;
  const sizeOf = (users: number, own: readonly number[]) => {
    const counts = { due: 100, ok: 100, medianMs: 5, p95Ms: 9 };
    const speedUp = mean(own) / mean(alone);
    return { users, rounds: own, okPerSecond: mean(own), ...counts, speedUp };
  };
  const sizes = [sizeOf(1, alone), sizeOf(20, rounds)];
  one.evidence.add({ type: "ladder", scenario: "get", result: { sizes, knee: null, fit: null } });
  return close(one, ended(200, {}, early))["speed_up"];
}

/** The same tally with other counts. */
function withCounts(record: LoadRecord, counts: object): LoadRecord {
  return record.type === "sample.tally"
    ? { ...record, tally: { ...record.tally, ...counts } }
    : record;
}

/** The verdicts of a run that ends so. */
function close(one: Evidence, end: LoadRecord): Record<string, string> {
  one.evidence.add(end);
  one.recorder.append({ kind: "run.closed", by: "run", data: { reason: "done" } });
  const verdicts = verdictsOf(one);
  one.recorder.close();
  return verdicts;
}

describe("evidence of a load", () => {
  it("an hour of slices fits into records, and decides observed, inferred and windowed claims", () => {
    const one = open();
    feed(one);
    one.evidence.add(questions(72_000, 0));
    one.evidence.add(ended(72_000));
    one.recorder.append({ kind: "run.closed", by: "run", data: { reason: "done" } });
    expect(verdictsOf(one)).toEqual({
      "all.response_time.avg": "passed",
      "all.response_time.avg-2": "passed",
      "all.response_time.p95": "passed",
      "all.rag_foreign.count": "passed",
      "load.errors": "passed",
      "load.alive": "passed",
    });
    const windows = one.recorder.records.filter(
      ({ kind, claims }) => kind === "sample.tally" && claims.includes("all.response_time.p95"),
    );
    expect(windows).toHaveLength(60);
    one.recorder.close();
  });

  it("events that nobody told of are none, if requests fell due; else nothing was tested", () => {
    const one = open();
    one.evidence.add(ended(0));
    one.recorder.append({ kind: "run.closed", by: "run", data: { reason: "done" } });
    const verdicts = verdictsOf(one);
    expect(verdicts["all.rag_foreign.count"]).toBe("not_tested");
    expect(verdicts["load.alive"]).toBe("not_tested");
    one.recorder.close();
  });

  it.each([
    ["nothing of the kind was asked", []],
    ["nothing of the kind was answered well", [questions(500, 500)]],
    ["another scenario asked", [questions(500, 0, "other")]],
    ["every answer was empty", [questions(500, 0, "get", "rag_query")]],
  ])("no event was told and %s: that is no evidence of none", (_, figures) => {
    const one = open();
    for (const figure of figures) one.evidence.add(figure);
    expect(close(one, ended(72_000))["all.rag_foreign.count"]).toBe("not_tested");
  });

  it.each([
    ["answers that told of no word, each a recorded 0", { sumMs: 0 }, 0, "not_tested"],
    ["a word that was told of", { sumMs: 3 }, 0, "failed"],
    ["an answer that was bad for one", { sumMs: 0 }, 1, "failed"],
    ["values nobody summed up", null, 0, "passed"],
  ])("with nothing found, %s: what was told decides", (_, sums, bad, verdict) => {
    const one = open();
    const claim = one.bound.bound.find(({ claim: { id } }) => id === "all.rag_foreign.count");
    const counts = { n: 500, bad, badBy: bad > 0 ? { check: bad } : {}, slices: [[500, bad]] };
    const figures = sums === null ? undefined : { values: 500, minMs: 0, sums: [], ...sums };
    const told = tally("all.rag_foreign.count", claim?.claim.of ?? "");
    one.evidence.add(withCounts(told, { ...counts, figures }));
    expect(close(one, ended(500))["all.rag_foreign.count"]).toBe(verdict);
  });

  it.each([
    ["count<1000", "some told none", { undefined: 100 }, "not_tested"],
    ["rate<1000/s confidence(0.95)", "some told none", { undefined: 100 }, "not_tested"],
    ["count<1000", "nobody told of any", null, "not_tested"],
    ["count<1000", "each told its own", { undefined: 0 }, "passed"],
    ["count>1000", "each told its own", { undefined: 0 }, "failed"],
  ])("output tokens, %s: %s", (threshold, _what, told, verdict) => {
    const one = open({ ...job, thresholds: { output_tokens: [{ threshold, id: "tokens" }] } });
    if (told !== null) {
      const figures = { values: 500, sumMs: 900, minMs: 1, sums: [[500, 900]] };
      const counts = { n: 600, bad: 0, badBy: {}, slices: [[600, 0]], figures, ...told };
      one.evidence.add(withCounts(tally("tokens", "load.tokens"), counts));
      one.evidence.add(questions(600, 0, "get", "output_tokens"));
    }
    expect(close(one, ended(600))["tokens"]).toBe(verdict);
  });

  it("what a client sends on its own account makes no scenario alive", () => {
    const aside = { due: 5, ok: 5 };
    const one = open();
    expect(close(one, ended(20, { ok: 5, bad: { reset: 15 }, aside }))["load.alive"]).toBe(
      "failed",
    );
    const other = open();
    expect(close(other, ended(5, { aside }))["load.alive"]).toBe("not_tested");
    const third = open();
    expect(close(third, ended(20, { ok: 6, bad: { reset: 14 }, aside }))["load.alive"]).toBe(
      "passed",
    );
  });

  it("a rate is of the time that was sent for: a run drained early dilutes none", () => {
    const thresholds = {
      errors: [{ threshold: "rate<1/s" }],
      http_reqs: [{ threshold: "rate>15" }],
    };
    const seen = (early: object): Record<string, string> => {
      const one = open({ ...job, thresholds });
      const slices = [[200, 60]] as const;
      for (const { claim } of one.bound.bound) {
        const counts = { n: 200, bad: 60, badBy: { reset: 60 }, slices };
        one.evidence.add(withCounts(tally(claim.id, claim.of), counts));
      }
      return close(one, ended(200, { ok: 140, bad: { reset: 60 } }, early));
    };
    const whole = seen({});
    expect(whole["all.errors.rate"]).toBe("passed");
    expect(whole["all.http_reqs.rate"]).toBe("failed");
    const drained = seen({ reason: "drained", stoppedAfterMs: 10_000 });
    expect(drained["all.errors.rate"]).toBe("failed");
    expect(drained["all.http_reqs.rate"]).toBe("passed");
  });

  it.each([
    ["count>=500", "failed", "not_tested"],
    ["count==500", "failed", "not_tested"],
    ["count!=500", "passed", "not_tested"],
    ["count<=500", "passed", "not_tested"],
    ["count>=200", "passed", "passed"],
    ["count<200", "failed", "failed"],
    ["count==100", "failed", "failed"],
  ])("200 requests, %s: of a whole run %s, of one that was cut short %s", (threshold, ...says) => {
    const ends = [{}, { reason: "drained", stoppedAfterMs: 10_000 }].map((early) => {
      const one = open({ ...job, thresholds: { http_reqs: [{ threshold }] } });
      for (const { claim } of one.bound.bound) {
        const counts = { n: 200, bad: 0, badBy: {}, slices: [[200, 0]] };
        one.evidence.add(withCounts(tally(claim.id, claim.of), counts));
      }
      return close(one, ended(200, {}, early))["all.http_reqs.count"];
    });
    expect(ends).toEqual(says);
  });

  it.each([
    ["two were cut off by the end", "count>=100", { unfinished: 2 }, "not_tested"],
    ["the generator lost two", "count==100", { generator: 2 }, "not_tested"],
    ["one of them may be the one too many", "count==99", { unfinished: 2 }, "not_tested"],
    ["either way fewer", "count>100", { unfinished: 1, generator: 1 }, "failed"],
    ["either way enough", "count>=98", { unfinished: 2 }, "passed"],
    ["two were never due to be sent", "count>=100", { dropped: 2 }, "failed"],
    ["two were sent and failed", "count>=100", { reset: 2 }, "passed"],
  ])("requests sent, %s: what nobody knows fails nothing", (_, threshold, badBy, verdict) => {
    const one = open({ ...job, thresholds: { http_reqs: [{ threshold }] } });
    for (const { claim } of one.bound.bound) {
      const counts = { n: 100, bad: 2, badBy, slices: [[100, 2]] };
      one.evidence.add(withCounts(tally(claim.id, claim.of), counts));
    }
    expect(close(one, ended(100))["all.http_reqs.count"]).toBe(verdict);
  });

  it.each([
    ["each round brings more", [150, 160, 140], "passed"],
    ["each round brings less", [90, 99, 80], "failed"],
    ["two rounds in three bring more", [150, 160, 99], "inconclusive"],
    ["two rounds in three bring less", [90, 80, 101], "inconclusive"],
  ])("a ladder whose %s, %j to 100 alone, is %s", (_, rounds, verdict) => {
    expect(speedUpOf([100, 100, 100], rounds)).toBe(verdict);
  });

  it.each([
    ["before the second number of users", [100, 0, 0], [0, 0, 0], 900],
    ["within the first round", [100, 0, 0], [80, 0, 0], 2_000],
    ["just before its end", [100, 100, 100], [90, 99, 80], 5_999],
  ])("a ladder that was stopped %s is not tested: %j alone, then %j", (_, alone, rounds, at) => {
    const early = { reason: "drained", stoppedAfterMs: at };
    expect(speedUpOf(alone, rounds, early)).toBe("not_tested");
    expect(speedUpOf(alone, rounds, { ...early, stoppedAfterMs: 6_000 })).toBe("failed");
  });

  it("a gauge whose values lie on both sides of its limit was past it", () => {
    const metrics = [{ name: "depth", type: "gauge", quantity: "count" }] as const;
    const one = open({ ...job, metrics, thresholds: { depth: [{ threshold: "value<5" }] } });
    const [depth] = one.bound.bound;
    const figures = { values: 2, sumMs: 11, minMs: 2, sums: [[2, 11]] };
    const counts = { n: 2, bad: 0, badBy: {}, slices: [[2, 0]], figures, maxMs: 9 };
    one.evidence.add(withCounts(tally("all.depth.value", depth?.claim.of ?? ""), counts));
    expect(close(one, ended(2))["all.depth.value"]).toBe("failed");
  });

  it("what is larger than a record becomes an artifact that a note names", () => {
    const one = open();
    const text = "x".repeat(60_000);
    one.evidence.add({ type: "load.event", text: "small" });
    one.evidence.add({
      type: "steps",
      scenario: "get",
      steps: [{ step: text, due: 1, ok: 1, bad: {}, percentiles: [] }],
    });
    const note = one.recorder.records.at(-1);
    expect(note?.refs).toHaveLength(1);
    expect(note?.data["artifact"]).toMatchObject({ name: "steps" });
    one.recorder.close();
  });
});
