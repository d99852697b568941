import { mkdtempSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VerdictDocument } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { startReferenceTarget } from "../../packages/testkit/src/reference-target/index.ts";
import { hasGit, secondCheckout } from "./checkout.ts";
import {
  claimsThat,
  emptyDir,
  evidenceOf,
  lintOf,
  runCli,
  runDirOf,
  verdictOf,
} from "./cli-process.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { notTested } from "./machine.ts";
import { openClaims, skipIfHasty } from "./readiness.ts";

/** Stages that no build runs yet: what a full plan promises of them is declared. */
const later = ["chaos.upstream_kill", "chaos.partition", "audit.families", "drill.restore"];

/** The plan of R2: chat, a store of documents for two tenants, tools and rooms, each under load. */
const planOf = (origin: string, o: { target: object; service: object; further?: object }): string =>
  JSON.stringify({
    target: { url: `${origin}/v1`, ...o.target },
    stack: {
      services: {
        rag: { kind: "rag", url: origin, tenants: ["a", "b"], ...o.service },
        mcp: {
          kind: "mcp",
          url: `${origin}/mcp`,
          tools: ["echo"],
          call: { tool: "echo", arguments: { q: "$MARK" }, expect: "$MARK" },
          ...o.service,
        },
        ...o.further,
      },
    },
    load: { ratePerSecond: 30, durationSeconds: 10, warmupSeconds: 1 },
    cooldownSeconds: 0.5,
  });

interface FullRun {
  readonly verdict: VerdictDocument;
  readonly runDir: string;
  readonly cwd: string;
  readonly code: number | null;
  readonly err: string;
}

async function validateFull(plan: string, env: Readonly<Record<string, string>>): Promise<FullRun> {
  const cwd = emptyDir();
  writeFileSync(join(cwd, "plan.yaml"), plan);
  const argv = ["validate", "--plan", "plan.yaml", "--profile", "full", "--json"];
  const { code, err, ...ended } = await runCli(cwd, argv, { env });
  return { verdict: verdictOf({ ...ended, code, err }), runDir: runDirOf(cwd), cwd, code, err };
}

/** A second checkout, whose bundle is at another place, recomputes every verdict from its files. */
async function verifyElsewhere(runDir: string, outcome: string): Promise<void> {
  if (!hasGit) {
    notTested("the bundle of R2 on a second checkout", "no git here");
    return;
  }
  const cwd = emptyDir();
  renameSync(runDir, join(cwd, "run"));
  const main = join(secondCheckout(), "packages/cli/src/main.ts");
  const { code, out, err } = await runCli(cwd, ["verify", "run"], { main });
  expect({ code, err, out }).toMatchObject({ code: 0, err: "" });
  expect(out).toContain(`outcome: ${outcome}\n`);
  expect(out).toMatch(/^\+ verdict .*verdicts and the outcome are equal\./m);
}

/** Verdict and reason of every required claim that is not passed, but for those of haste. */
const open = (verdict: VerdictDocument): string[] =>
  openClaims(verdict).others.map(
    ({ id, verdict: word, reason }) => `${id} ${word} ${reason ?? ""}`,
  );

/** Claims of load on services whose routes a target lacks. */
const unloaded = [
  ...["success", "query.p99", "ingest.p95", "visible.p95", "foreign"].map((id) => `rag.${id}`),
  ...["success", "list.p99", "call.p99"].map((id) => `mcp.${id}`),
];

const undone = later.map((id) => `${id} not_tested not_run`);

describe("the plan of R2 with --profile full", () => {
  it("on the reference target: chat, documents, tools and rooms pass under load, and only stages nobody built keep it NOT_PROVEN [R4-36] [R2-51] [R2-52] [R2-57]", async (context) => {
    await using target = await startReferenceTarget();
    const live = {
      kind: "websocket",
      url: `${target.url.replace("http", "ws")}/ws`,
      rooms: { members: 8 },
    };
    const o = { target: { name: "reference" }, service: {}, further: { live } };
    const plan = planOf(target.url, o);
    const { verdict, code, runDir, err } = await validateFull(plan, {});
    expect(open(verdict)).toEqual(undone);
    expect([verdict.outcome, code]).toEqual(["NOT_PROVEN", 2]);
    const passed = claimsThat(verdict, "passed");
    for (const id of ["stack.rag.read_back", "stack.rag.isolation", "stack.mcp.call"]) {
      expect(passed).toContain(id);
    }
    expect(lintOf(runDir)).toEqual([]);
    expect(err).toContain("chaos declared only, audit declared only, drill declared only");
    const { counts } = await target.truth();
    expect(counts["rag_ingested"]).toBeGreaterThan(50);
    expect(counts["mcp_calls"]).toBeGreaterThan(50);
    expect(counts["room_delivered"]).toBeGreaterThan(50);
    expect(evidenceOf(runDir)).toContain('"stage":"stack"');
    await verifyElsewhere(runDir, "NOT_PROVEN");
    skipIfHasty(context, verdict);
    for (const id of [
      "chat.p99",
      "rag.query.p99",
      "rag.foreign",
      "mcp.call.p99",
      "live.delivery",
    ]) {
      expect(passed).toContain(`load.${id}`);
    }
  }, 150_000);

  it("on the gateway: its chat passes, the routes it lacks are named, and coverage is what was decided of what was declared [R2-57] [R2-63]", async (context) => {
    await using gateway = await startGatewayProcess({
      listen: { port: 0 },
      log: { level: "silent" },
      // What a busy machine has it shed is not this test's matter.
      telemetry: { overloadAfter: 0 },
      stateDir: mkdtempSync(join(tmpdir(), "loadline-full-")),
      targets: { sim: { provider: "simulator", model: "sim", tokens: 4, latency: 1 } },
      routes: { sim: { models: ["sim"], groups: [{ targets: ["sim"] }] } },
    });
    const target = { auth: "bearer", apiKeyEnv: "KEY", unknownModel: "refused", model: "sim" };
    const service = { token: `\${env:KEY}` };
    const plan = planOf(gateway.url, { target, service });
    const { verdict, code, cwd, runDir } = await validateFull(plan, { KEY: gateway.key });
    expect(lintOf(runDir)).toEqual([]);
    expect(open(verdict)).toEqual([
      "stack.rag.read_back error probe_contract",
      "stack.rag.isolation not_tested capability_missing",
      "stack.mcp.opens error probe_contract",
      ...["tools", "call", "errors", "ends"].map(
        (check) => `stack.mcp.${check} not_tested capability_missing`,
      ),
      ...unloaded.map((claim) => `load.${claim} not_tested capability_missing`),
      ...undone,
    ]);
    expect([verdict.outcome, code]).toEqual(["NOT_PROVEN", 2]);
    const sentence = (id: string): string =>
      verdict.claims.find((claim) => claim.id === id)?.sentence ?? "";
    const declared = verdict.claims.filter((claim) => claim.required);
    const decided = declared.filter(({ verdict: word }) => /^(passed|failed)$/.test(word));
    // What the routes lack and what nobody built is declared all the same.
    expect(declared.length - decided.length).toBeGreaterThanOrEqual(unloaded.length + later.length);
    expect(verdict.coverage).toBe(decided.length / declared.length);
    const score = await runCli(cwd, ["score", runDir, "--json"]);
    expect(JSON.parse(score.out)).toMatchObject({
      total: { required: declared.length, decided: decided.length, coverage: verdict.coverage },
    });
    expect(sentence("stack.rag.read_back")).toContain("POST /rag/documents answered 404");
    expect(sentence("stack.mcp.opens")).toContain("POST /mcp answered 404");
    expect(sentence("stack.rag.isolation")).toContain("POST /rag/documents answered 404");
    expect(sentence("stack.mcp.call")).toContain("POST /mcp answered 404");
    const unproven = verdict.limits.filter((line) => line.includes("no such route"));
    expect(unproven).toHaveLength(2);
    expect(unproven.join(" ")).toMatch(/POST \/rag\/documents.*POST \/mcp/);
    expect(sentence("load.rag.success")).toContain("lacks the route of rag/ingest (404)");
    expect(sentence("load.mcp.success")).toContain("lacks the route of mcp/");
    const told = verdict.identity?.map(({ fact, provenance }) => `${fact} ${provenance}`);
    expect(told).toEqual(expect.arrayContaining(["version measured", "configuration measured"]));
    skipIfHasty(context, verdict);
  }, 150_000);
});
