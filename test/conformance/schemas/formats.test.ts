import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ClaimVerdict, type ReportModel, verdictOrder } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { parsePlanFile, readBundle, runValidation, textReporters } from "@loadline/validator";
import { beforeAll, describe, expect, it } from "vitest";
import { startReferenceTarget } from "../../../packages/testkit/src/reference-target/index.ts";
import { readReportModel } from "../../../packages/validator/src/evidence/re-render.ts";
import { repositoryRoot } from "../../architecture/tree.ts";
import { install } from "../install.ts";

const run = promisify(execFile);
const checkMs = 60_000;
const outputBytesMax = 16 * 1024 * 1024;
const installed = await install(join(repositoryRoot, "test/conformance/schemas/formats"));

interface Given {
  readonly format: "sarif" | "ctrf" | "junit";
  readonly text: string;
}

/** The problems of each document, as its published schema and another's validator say. */
async function problemsOf(given: readonly Given[]): Promise<unknown> {
  if ("missing" in installed) throw new Error(installed.missing);
  const file = join(mkdtempSync(join(tmpdir(), "loadline-formats-")), "given.json");
  writeFileSync(file, JSON.stringify(given));
  const o = { cwd: installed.dir, timeout: checkMs, maxBuffer: outputBytesMax };
  const { stdout } = await run(process.execPath, [join(installed.dir, "check.mjs"), file], o);
  const problems: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "null");
  return problems;
}

const formats = { sarif: "sarif", "sarif-github": "sarif", ctrf: "ctrf", junit: "junit" } as const;

/** Every document of these formats that a model gives. */
function documentsOf(model: ReportModel): Given[] {
  return Object.entries(formats).map(([id, format]) => {
    const reporter = textReporters.find((one) => one.id === id);
    if (reporter === undefined) throw new Error(`no reporter ${id}`);
    return { format, text: reporter.render(model) };
  });
}

/** A run on a target that is good at chat and whose tools fail: verdicts of every common sort. */
async function realModel(): Promise<ReportModel> {
  await using target = await startReferenceTarget({ mcp: { toolErrors: 1 } });
  const mcp = { kind: "mcp", url: `${target.url}/mcp`, call: { tool: "echo" } };
  const lost = { kind: "container", container: "x", engine: "/nowhere/podman" };
  const plan = parsePlanFile(
    JSON.stringify({
      profile: "full",
      target: { url: `${target.url}/v1`, model: "reference" },
      stack: { services: { mcp, lost } },
      load: { durationSeconds: 2, warmupSeconds: 0 },
      cooldownSeconds: 0,
    }),
  );
  if (!plan.ok) throw new Error(JSON.stringify(plan.problems));
  const { runDir } = await runValidation(plan.plan, {
    clock: systemClock(),
    random: seededRandom(1),
    runsDir: mkdtempSync(join(tmpdir(), "loadline-formats-")),
    toolVersion: "0.1.0",
    reporters: [],
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  return readReportModel(await readBundle(runDir));
}

const hostile = '<b>&"\u0000\u001b[31m]]>\u202e \u{1f600}\n| a |';

/** One claim in every verdict under every disposition, its texts as a bad target words them. */
function everyVerdict(model: ReportModel): ReportModel {
  const [base] = model.verdict.claims;
  if (base === undefined) throw new Error("the run has claims");
  const claims = verdictOrder.flatMap((verdict): ClaimVerdict[] =>
    ([undefined, "waived", "not_applicable"] as const).map((disposition) => ({
      ...base,
      id: `c.${verdict}.${disposition ?? "bare"}`,
      verdict,
      statement: hostile,
      sentence: hostile,
      ...(disposition === undefined || verdict === "passed" ? {} : { disposition }),
    })),
  );
  return { ...model, verdict: { ...model.verdict, outcome: "NOT_PROVEN", claims } };
}

describe.skipIf("missing" in installed)("reports against their published schemas", () => {
  let model: ReportModel;
  beforeAll(async () => {
    model = await realModel();
  }, 60_000);

  it("a real run: SARIF 2.1.0 whole and for a code host, CTRF and JUnit have no problem [R3-40]", async () => {
    const words = new Set(model.verdict.claims.map(({ verdict }) => verdict));
    expect([...words].sort()).toEqual(["failed", "inconclusive", "not_tested", "passed"]);
    expect(await problemsOf(documentsOf(model))).toEqual([[], [], [], []]);
  });

  it("every verdict under every disposition, in hostile words, has no problem", async () => {
    expect(await problemsOf(documentsOf(everyVerdict(model)))).toEqual([[], [], [], []]);
  });

  it("an empty run has no problem", async () => {
    const empty = { ...model, records: [], verdict: { ...model.verdict, claims: [] } };
    expect(await problemsOf(documentsOf(empty))).toEqual([[], [], [], []]);
  });

  it("the schemas find what is planted in each document", async () => {
    const planted = documentsOf(model).map(({ format, text }) => ({
      format,
      text: text
        .replace('"version":"2.1.0"', '"version":"2.0.0"')
        .replace('"reportFormat":"CTRF"', '"reportFormat":"XTRF"')
        .replace(" timestamp=", " stamp="),
    }));
    const problems = await problemsOf(planted);
    expect(problems).toHaveLength(4);
    for (const one of Array.isArray(problems) ? problems : []) expect(one).not.toEqual([]);
  });
});
