import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClaimVerdict, VerdictDocument } from "@loadline/contract";
import { endChild, listenOnLoopback } from "@loadline/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import { emptyDir, type Ended, runCli, verdictOf } from "./cli-process.ts";

const smokeTests = 6;

/** The eleven categories, whatever a plan has of them. */
const categories = [
  "Architecture & Design",
  "Security & Compliance",
  "Containerization",
  "Orchestration",
  "Monitoring & Observability",
  "Performance & Capacity",
  "Testing & Quality",
  "Documentation",
  "Deployment Automation",
  "Disaster Recovery",
  "Operational Readiness",
];

interface Row {
  readonly name: string;
  readonly required: number;
  readonly decided: number;
  readonly passed: number;
  readonly score: number | null;
  readonly coverage: number | null;
}

interface Score {
  readonly categories: readonly Row[];
  readonly groups: readonly Row[];
  readonly total: Row;
  readonly gates: readonly { readonly id: string; readonly verdict: string; readonly row: Row }[];
}

interface Run {
  readonly cwd: string;
  readonly verdict: VerdictDocument;
  readonly code: number | null;
}

/** A server whose first `down` routes of six are not healthy. */
async function startApp(down: number) {
  const server = createServer(({ url, method }, response) => {
    const at = Number(/^\/smoke\/(\d)$/.exec(url ?? "")?.[1] ?? smokeTests);
    response.setHeader("content-type", "application/json");
    if (at === smokeTests) response.statusCode = 404;
    else if (method !== "GET") response.statusCode = 405;
    else response.statusCode = at < down ? 503 : 200;
    response.end(response.statusCode === 200 ? '{"status":"ok"}' : '{"error":{"message":"no"}}');
  });
  const port = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** 20 ms of each 100: more than a limit allows, and a core is left to whatever is timed beside it. */
const burning =
  "setInterval(() => { const ms = performance.now(); while (performance.now() - ms < 20); }, 100)";

/** A process of its own that has begun: idle or burning. */
async function startProcess(work: string): Promise<ChildProcess & AsyncDisposable> {
  const script = `process.stdout.write("begun", () => { ${work} });`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  return Object.assign(child, { [Symbol.asyncDispose]: () => endChild(child) });
}

/** Six smoke tests and the CPU of a process, as a plan, run by the command. */
async function validate(url: string, { pid }: ChildProcess, cpuRatioMax: number): Promise<Run> {
  const cwd = emptyDir();
  const smoke = Array.from({ length: smokeTests }, (_, at) => {
    return [`smoke${at}`, { kind: "http", url, health: `/smoke/${at}` }];
  });
  const machine = { kind: "resources", pid, windowMs: 200, cpuRatioMax, growthRatioMax: 10 };
  const services = { ...Object.fromEntries(smoke), machine };
  writeFileSync(join(cwd, "plan.yaml"), JSON.stringify({ stack: { services } }));
  const ended = await runCli(cwd, ["validate", "--plan", "plan.yaml", "--json"]);
  return { cwd, verdict: verdictOf(ended), code: ended.code };
}

const wordsOf = ({ claims }: VerdictDocument, check: string): string[] =>
  claims.filter(({ id }) => id.endsWith(`.${check}`)).map(({ verdict }) => verdict);

/** A row of a scorecard, counted again from the claims by this test alone. */
function recounted(name: string, claims: readonly ClaimVerdict[]): Row {
  const counted = claims.filter((claim) => claim.required);
  const passed = counted.filter(({ verdict }) => verdict === "passed").length;
  const failed = counted.filter(({ verdict }) => verdict === "failed").length;
  const of = (count: number): number | null =>
    counted.length === 0 ? null : count / counted.length;
  const decided = passed + failed;
  const counts = { required: counted.length, decided, passed };
  return { name, ...counts, score: of(passed), coverage: of(decided) };
}

describe("a plan of six smoke checks and a limit of CPU, through the command", () => {
  let whole: Run;
  let half: Run;

  beforeAll(async () => {
    await using idle = await startProcess("setInterval(() => undefined, 1e6)");
    await using busy = await startProcess(burning);
    const [up, down] = await Promise.all([startApp(0), startApp(smokeTests / 2)]);
    // A busy machine may leave little of itself to a process that would take all of it.
    [whole, half] = await Promise.all([
      validate(up.url, idle, 0.5),
      validate(down.url, busy, 0.001),
    ]);
    up.close();
    down.close();
  }, 110_000);

  it("all up is READY; half of them up is no half of a pass but NOT_READY, each by its own claim [R4-35]", () => {
    expect(wordsOf(whole.verdict, "answers")).toEqual(Array(smokeTests).fill("passed"));
    expect([whole.verdict.outcome, whole.code]).toEqual(["READY", 0]);
    const three = smokeTests / 2;
    expect(wordsOf(half.verdict, "answers")).toEqual([
      ...Array<string>(three).fill("failed"),
      ...Array<string>(three).fill("passed"),
    ]);
    expect([half.verdict.outcome, half.code]).toEqual(["NOT_READY", 1]);
  });

  it("a process over its share of a core fails that gate of the plan, one below it passes", () => {
    expect(wordsOf(whole.verdict, "usage")).toEqual(["passed"]);
    expect(wordsOf(half.verdict, "usage")).toEqual(["failed"]);
    const usage = half.verdict.claims.find(({ id }) => id === "stack.machine.usage");
    expect(usage?.sentence).toContain("over its limit: CPU");
  });

  it("each figure of the scorecard is counted from the verdicts, beside its coverage; conditions are gates with an exit code [R2-60] [R3-39] [R4-33] [R4-34]", async () => {
    const gates = {
      gates: [
        { id: "all smoke tests", claims: idsOf(half, "answers"), minScore: "95 %" },
        { id: "half of them", claims: idsOf(half, "answers"), minScore: 0.5 },
        { id: "recovery", category: "Disaster Recovery", minScore: 0 },
      ],
    };
    writeFileSync(join(half.cwd, "gates.yaml"), JSON.stringify(gates));
    const score = (...more: readonly string[]): Promise<Ended> =>
      runCli(half.cwd, ["score", ".loadline/runs/latest", "--gates", "gates.yaml", ...more]);
    const [told, text] = await Promise.all([score("--json"), score()]);
    const card = JSON.parse(told.out) as Score;
    const { claims } = half.verdict;
    expect(card.categories.map(({ name }) => name)).toEqual(categories);
    for (const row of card.categories) {
      const own = claims.filter(({ category }) => category === row.name);
      expect(row).toMatchObject(recounted(row.name, own));
    }
    expect(card.total).toMatchObject(recounted(card.total.name, claims));
    const sum = (rows: readonly Row[]): number => rows.reduce((all, one) => all + one.required, 0);
    expect([sum(card.categories), sum(card.groups)]).toEqual(Array(2).fill(card.total.required));
    // What is asked for stands nowhere in place of what was seen.
    const [all, some, none] = card.gates;
    expect(all).toMatchObject({ verdict: "failed", row: { passed: 3, required: 6, score: 0.5 } });
    expect(some).toMatchObject({ verdict: "passed", row: { passed: 3, required: 6, score: 0.5 } });
    expect(none).toMatchObject({ verdict: "not_tested", row: { score: null, coverage: null } });
    expect([told.code, text.code]).toEqual([1, 1]);
    const { passed, decided, required } = card.total;
    const percent = (count: number): string =>
      `${count}/${required} ${((count / required) * 100).toFixed(1)} %`;
    const total = text.out.split("\n").find((line) => line.startsWith("  total")) ?? "";
    for (const figure of [percent(decided), percent(passed)]) expect(total).toContain(figure);
    expect(text.out.split("gates\n")[0]).not.toContain("95");
  }, 60_000);
});

const idsOf = ({ verdict }: Run, check: string): string[] =>
  verdict.claims.map(({ id }) => id).filter((id) => id.endsWith(`.${check}`));
