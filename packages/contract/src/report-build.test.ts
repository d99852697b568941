import { expect, test } from "vitest";
import { makeBundle, makeClaim, startRun, type TestRun } from "../test/support.ts";
import { buildReportModel, type ReportInput, reportRecordsMax } from "./report-build.ts";
import type { ReportModel } from "./report-model.ts";

const up = makeClaim({ id: "up", kind: "predicate" });

function ended(act: (run: TestRun) => void): ReportInput {
  const run = startRun([up]);
  act(run);
  run.end();
  return { plan: run.plan, planText: "given", records: run.records, verdict: run.fold() };
}

const build = (act: (run: TestRun) => void): ReportModel => buildReportModel(ended(act));

const slice = (n: number, more: Record<string, unknown> = {}) => ({
  kind: "load.slice" as const,
  data: {
    scenario: "chat",
    slice: n,
    sliceMs: 1_000,
    due: 10,
    ok: 9,
    bad: 1,
    p99Ms: 12,
    maxMs: 20,
    inFlight: 2,
    heat: [[16, 9]],
    ...more,
  },
});

test("slices become one series, with gaps where nothing was recorded", () => {
  const percentiles = [
    [0.5, 10, null],
    [0.99, 12, 11],
    ["x", 1, 1],
  ];
  const model = build((run) => {
    run.add(slice(0));
    run.add(slice(2, { p99Ms: null }));
    run.add({
      kind: "note",
      data: { load: { scenario: "chat", n: 120, percentiles, ttft: [[0.5, 4]] } },
    });
  });
  const [series] = model.load;
  expect(series).toMatchObject({
    scenario: "chat",
    sliceMs: 1_000,
    due: [10, 0, 10],
    p99Ms: [12, null, null],
    heat: [
      [0, 16, 9],
      [2, 16, 9],
    ],
    percentiles: [
      [0.5, 10, null],
      [0.99, 12, 11],
    ],
    n: 120,
    ttft: [[0.5, 4]],
  });
  expect(series?.evidence).toEqual([1, 2, 3]);
});

test("what ended after its slice was told counts where it was due, and nothing of another shape", () => {
  const model = build((run) => {
    run.add(slice(0));
    run.add(slice(1));
    const noted = (slices: unknown) =>
      run.add({ kind: "note", data: { late: { scenario: "chat", slices } } });
    noted([[1, 8, 2], ["0", 1, 1], [0, -1, 1], 7]);
    noted("none");
    run.add({ kind: "note", data: { late: { scenario: "other", slices: [[0, 5, 5]] } } });
  });
  expect(model.load).toHaveLength(1);
  expect(model.load[0]).toMatchObject({ due: [10, 10], ok: [9, 8], bad: [1, 2] });
});

test("where sending was late is told as it was noted, and nothing of another shape", () => {
  const delay = {
    part: "queue",
    responseMs: 9,
    serviceMs: 5,
    pacerMs: 0,
    queueMs: 4,
    connectMs: 0,
  };
  const shown = (noted: object) => {
    const load = { scenario: "chat", percentiles: [], ttft: [], delay: noted };
    return build((run) => run.add({ kind: "note", data: { load } })).load[0]?.delay;
  };
  expect(shown(delay)).toEqual(delay);
  expect(shown({ ...delay, part: "target" })).toBeUndefined();
  expect(shown({ ...delay, queueMs: "4" })).toBeUndefined();
});

test("cold connections, tokens and the mix are told as they were recorded, and nothing of another shape", () => {
  const details = (notes: readonly Readonly<Record<string, unknown>>[]) =>
    build((run) => {
      run.add({ kind: "note", data: { load: { scenario: "chat", percentiles: [], ttft: [] } } });
      for (const data of notes) run.add({ kind: "note", data });
    }).load[0]?.details;
  const waits = {
    scenario: "chat",
    cold: [
      [0.5, 12],
      [0.99, 40],
    ],
    coldRequests: 3,
  };
  const account = { scenario: "chat", tokensKnown: 7, tokensUnknown: 2, outputTokens: 90 };
  const steps = [
    { step: "a", due: 6 },
    { step: "b", due: 3 },
    { step: 1, due: 3 },
  ];
  const ended = (one: object) => ({ type: "load.ended", accounts: [one] });
  expect(
    details([{ type: "waits", waits }, ended(account), { type: "steps", scenario: "chat", steps }]),
  ).toMatchObject({
    cold: { requests: 3, medianMs: 12 },
    tokens: { told: 7, untold: 2, sum: 90 },
    mix: [
      ["a", 6],
      ["b", 3],
    ],
    evidence: [expect.any(Number), expect.any(Number), expect.any(Number)],
  });
  expect(details([{ type: "waits", waits: { ...waits, scenario: "other" } }])).toBeUndefined();
  expect(details([{ type: "waits", waits: { ...waits, coldRequests: 0 } }])).toBeUndefined();
  expect(details([ended({ ...account, tokensKnown: 0, tokensUnknown: 0 })])).toBeUndefined();
  expect(details([ended({ ...account, outputTokens: "90" })])).toBeUndefined();
  expect(details([{ type: "steps", scenario: "chat", steps: steps.slice(0, 1) }])).toBeUndefined();
});

test("malformed slices are left out", () => {
  expect(build((run) => run.add(slice(0, { due: -1 }))).load).toEqual([]);
});

test("findings of one fingerprint are one row, worst first", () => {
  const finding = (fingerprint: string, severity: string) => ({
    kind: "finding" as const,
    claims: ["up"],
    data: {
      fingerprint,
      severity,
      title: "t",
      impact: "i",
      remedy: "r",
      raw: "<b>",
      reproduce: [],
    },
  });
  const model = build((run) => {
    run.add(finding("a", "low"));
    run.add(finding("b", "critical"));
    run.add(finding("a", "low"));
  });
  expect(model.findings.map((f) => [f.fingerprint, f.evidence])).toEqual([
    ["b", [2]],
    ["a", [1, 3]],
  ]);
});

test("a finding is open and its service's owner's, until each of its claims is waived", () => {
  const data = {
    fingerprint: "a",
    severity: "high",
    title: "t",
    impact: "i",
    remedy: "r",
    raw: "",
    reproduce: [],
    owner: "data team",
  };
  const of = (claims: readonly string[], waived: readonly string[]) => {
    const input = ended((run) => {
      run.observe("up", false);
      run.add({ kind: "finding", claims: [...claims], data });
    });
    const laid = input.verdict.claims.map((claim) =>
      waived.includes(claim.id) ? { ...claim, disposition: "waived" as const } : claim,
    );
    const applied = waived.map((claim) => ({
      claim,
      disposition: "waived" as const,
      reason: "it is known",
      owner: "lead",
      approvedBy: "head",
      expires: "2026-05-01",
    }));
    const verdict = {
      ...input.verdict,
      claims: laid,
      waivers: { applied, ignored: [], nextExpiry: null },
    };
    const [found] = buildReportModel({ ...input, verdict }).findings;
    return [found?.status, found?.owner];
  };
  expect(of(["up"], [])).toEqual(["open", "data team"]);
  expect(of(["up"], ["up"])).toEqual(["accepted", "lead"]);
  expect(of(["unknown"], [])).toEqual(["open", "data team"]);
});

test("records a verdict cites are carried, others counted", () => {
  const model = build((run) => {
    run.add({ kind: "note", data: { text: "not cited" } });
    run.observe("up", true);
    run.close();
  });
  expect(model.records.map(({ kind }) => kind)).toEqual([
    "run.started",
    "observation",
    "sample.closed",
    "run.closed",
  ]);
  expect(model.recordCount).toBe(5);
});

test("a load that cites more records than there is room for leaves room for how the run ended", () => {
  const { records } = build((run) => {
    for (let n = 0; n < reportRecordsMax; n += 1) run.add(slice(n));
  });
  expect(records).toHaveLength(reportRecordsMax);
  expect([records[0]?.kind, records.at(-1)?.kind]).toEqual(["run.started", "run.closed"]);
  expect(new Set(records.slice(1, -1).map(({ kind }) => kind))).toEqual(new Set(["load.slice"]));
});

test("earlier runs and commands come from the evidence", () => {
  const row = { run: "run-0", outcome: "READY", at: "2026-04-11T10:15:00.000Z", planDigest: "d" };
  const model = build((run) => run.add({ kind: "note", data: { earlier: [row, { run: 1 }] } }));
  expect(model.earlier).toEqual([row]);
  expect(model.commands).toEqual({
    reproduce: ["loadline", "validate", "--target", "http://127.0.0.1:9/v1"],
    verify: ["loadline", "verify", "run-1"],
  });
});

test("equal bundles give equal models, of unknown origin", () => {
  const build2 = (): string => {
    const { run } = makeBundle();
    const o = { plan: run.plan, planText: "", records: run.records, verdict: run.fold() };
    return JSON.stringify(buildReportModel(o));
  };
  expect(build2()).toBe(build2());
  expect(build2()).toContain("unsigned: consistent, origin unknown");
});

test("the command to reproduce is the recorded one, else names target and variable of the key", () => {
  const run = startRun([up]);
  run.end();
  const of = (stages: Record<string, unknown>, records = run.records): readonly string[] =>
    buildReportModel({
      plan: { ...run.plan, stages },
      planText: "",
      records,
      verdict: run.fold(),
    }).commands.reproduce;
  const plain = ["loadline", "validate", "--target", "http://127.0.0.1:9/v1"];
  expect(of({})).toEqual(plain);
  expect(of({ target: { apiKeyEnv: "GW_KEY" } })).toEqual([...plain, "--api-key-env", "GW_KEY"]);
  expect(of({ target: { apiKeyEnv: 7 } })).toEqual(plain);
  const given = ["loadline", "up", "--once"];
  const started = run.records.map((record) =>
    record.kind === "run.started"
      ? { ...record, data: { ...record.data, reproduce: given } }
      : record,
  );
  expect(of({ target: { apiKeyEnv: "GW_KEY" } }, started)).toEqual(given);
});
