import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyBundle } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { quietest } from "../../../testkit/src/quietest.ts";
import { afterEach, describe, expect, it } from "vitest";
import { readBundle } from "../evidence/read-bundle.ts";
import { readReportModel } from "../evidence/re-render.ts";
import { reRender } from "../evidence/re-render.ts";
import { sha256 } from "../evidence/sha256.ts";
import { fullPlan, quickPlan, type QuickPlanOptions } from "../plan/build-plan.ts";
import { textReporters } from "../reporters/table.ts";
import { cleanRules, stubBodyBytesMax, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { runValidation } from "./run-validation.ts";
import type { Progress, Reporter, ValidationDeps, ValidationResult } from "./types.ts";

const roots: string[] = [];

function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "loadline-run-"));
  roots.push(root);
  return root;
}

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

function makeDeps(o: Partial<ValidationDeps> = {}): ValidationDeps {
  return {
    clock: systemClock(),
    random: seededRandom(3),
    runsDir: makeRoot(),
    toolVersion: "0.1.0",
    apiKey: stubKey,
    reporters: textReporters,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...o,
  };
}

function probesOnly(baseUrl: string): QuickPlanOptions {
  return {
    baseUrl,
    name: "stub",
    apiKeyEnv: "STUB_KEY",
    bodyBytesMax: stubBodyBytesMax,
    unknownModel: "refused",
    embeddingsModel: "stub-model",
    healthPath: "/healthz",
    skip: ["load"],
  };
}

const renderers = Object.fromEntries(textReporters.map((r) => [r.file, r.render]));

async function verify(result: ValidationResult): ReturnType<typeof verifyBundle> {
  return verifyBundle(await readBundle(result.runDir), { digest: sha256, renderers });
}

function verdictsOf(result: ValidationResult): Record<string, string> {
  const rows = result.verdict.claims.map(({ id, verdict, reason }) => [
    id,
    reason === undefined ? verdict : `${verdict}.${reason}`,
  ]);
  return Object.fromEntries(rows);
}

describe("run validation", () => {
  it("a skipped stage leaves its claims not tested and the outcome NOT_PROVEN", async () => {
    await using stub = await startStub(cleanRules);
    const result = await runValidation(quickPlan(probesOnly(stub.baseUrl)), makeDeps());
    expect(result.exitCode).toBe(2);
    expect(result.verdict.outcome).toBe("NOT_PROVEN");
    const verdicts = verdictsOf(result);
    for (const [id, verdict] of Object.entries(verdicts)) {
      expect(verdict, id).toBe(id.startsWith("load.") ? "not_tested.skipped" : "passed");
    }
  });

  it("the bundle verifies, every view renders again to the same bytes", async () => {
    await using stub = await startStub(cleanRules);
    const deps = makeDeps({ planText: `target: { url: "${stub.baseUrl}" }\n` });
    const result = await runValidation(quickPlan(probesOnly(stub.baseUrl)), deps);
    expect(result.reporterFailures).toEqual([]);
    const checked = await verify(result);
    expect(checked.steps.filter(({ ok }) => ok === false)).toEqual([]);
    expect(checked.exit).toBe(0);
    const again = makeRoot();
    await reRender(result.runDir, textReporters, again);
    for (const { file } of textReporters) {
      expect(readFileSync(join(again, file), "utf8"), file).toBe(
        readFileSync(join(result.runDir, file), "utf8"),
      );
    }
  });

  it("a changed record is named by verify", async () => {
    await using stub = await startStub(cleanRules);
    const result = await runValidation(quickPlan(probesOnly(stub.baseUrl)), makeDeps());
    const files = await readBundle(result.runDir);
    const lines = new TextDecoder().decode(files.get("evidence.jsonl")).split("\n");
    const at = lines.findIndex((line) => line.includes('"kind":"observation"'));
    lines[at] = (lines[at] ?? "").replace('"ok":true', '"ok":false');
    files.set("evidence.jsonl", Buffer.from(lines.join("\n")));
    const checked = await verifyBundle(files, { digest: sha256, renderers });
    expect(checked.exit).toBe(1);
    expect(checked.firstBadRecord).toBe(at);
  });

  it("no file of the run holds the key", async () => {
    // A hostile target that echoes what it was sent.
    const echo = { when: { path: "/" }, status: 200, text: `you sent Bearer ${stubKey}` };
    await using stub = await startStub([echo, ...cleanRules]);
    const result = await runValidation(quickPlan(probesOnly(stub.baseUrl)), makeDeps());
    const files = await readBundle(result.runDir);
    expect(files.size).toBeGreaterThan(8);
    for (const [name, bytes] of files) {
      expect(Buffer.from(bytes).includes(stubKey), name).toBe(false);
    }
    const artifacts = [...files].filter(([name]) => name.startsWith("artifacts/"));
    const masked = artifacts.filter(([, bytes]) => Buffer.from(bytes).includes("secret:"));
    expect(masked.length).toBe(1);
    expect(Buffer.from(masked[0]?.[1] ?? []).toString()).toMatch(/secret:[0-9a-f]{12}\.\.\.0001$/);
  });

  it("the command to reproduce names the key's variable", async () => {
    await using stub = await startStub(cleanRules);
    const result = await runValidation(quickPlan(probesOnly(stub.baseUrl)), makeDeps());
    const chat = result.verdict.claims.find(({ id }) => id === "openai.chat");
    expect(chat?.reproduce).toContain("authorization: Bearer $STUB_KEY");
    expect(chat?.reproduce.at(-1)).toBe(`${stub.baseUrl}/chat/completions`);
  });

  it("the report names the command that ran it, else one that gives target and key's variable", async () => {
    await using stub = await startStub(cleanRules);
    const plan = quickPlan(probesOnly(stub.baseUrl));
    const reproduceOf = async (deps: Partial<ValidationDeps>): Promise<readonly string[]> => {
      const { runDir } = await runValidation(plan, makeDeps(deps));
      return readReportModel(await readBundle(runDir)).commands.reproduce;
    };
    const target = ["loadline", "validate", "--target", stub.baseUrl];
    expect(await reproduceOf({})).toEqual([...target, "--api-key-env", "STUB_KEY"]);
    const given = ["loadline", "validate", "--plan", "plan.yaml"];
    expect(await reproduceOf({ reproduce: given })).toEqual(given);
  });

  it("claims of stages that are not built stay not_tested(not_run), whatever passes", async () => {
    await using stub = await startStub(cleanRules);
    const result = await runValidation(fullPlan(probesOnly(stub.baseUrl)), makeDeps());
    const verdicts = verdictsOf(result);
    for (const id of ["chaos.upstream_kill", "audit.families", "drill.restore"]) {
      expect(verdicts[id], id).toBe("not_tested.not_run");
    }
    expect(result.verdict.outcome).toBe("NOT_PROVEN");
  });

  it("a route the target lacks is error(probe_contract) of the probes, no failure", async () => {
    const gone = { when: { path: "/v1/chat/completions" }, status: 404, text: "no such page" };
    await using stub = await startStub([gone, ...cleanRules]);
    const result = await runValidation(quickPlan(probesOnly(stub.baseUrl)), makeDeps());
    const verdicts = verdictsOf(result);
    expect(verdicts["openai.chat"]).toBe("error.probe_contract");
    expect(verdicts["openai.stream"]).toBe("error.probe_contract");
    expect(verdicts["openai.models"]).toBe("passed");
    expect(result.exitCode).toBe(2);
  });

  it("an optional route the target lacks is not tested and does not count", async () => {
    const gone = { when: { path: "/v1/embeddings" }, status: 404, text: "no such page" };
    await using stub = await startStub([gone, ...cleanRules]);
    const { embeddingsModel: _model, ...options } = probesOnly(stub.baseUrl);
    const result = await runValidation(quickPlan(options), makeDeps());
    expect(verdictsOf(result)["openai.embeddings"]).toBe("not_tested.capability_missing");
  });

  it("a reporter that throws is reported and leaves the others and the verdict alone", async () => {
    await using stub = await startStub(cleanRules);
    const broken: Reporter = {
      id: "broken",
      file: "report.broken",
      render: () => {
        throw new Error("no ink");
      },
    };
    const deps = makeDeps({ reporters: [broken, ...textReporters] });
    const result = await runValidation(quickPlan(probesOnly(stub.baseUrl)), deps);
    expect(result.reporterFailures).toEqual([{ id: "broken", message: "no ink" }]);
    const names = readdirSync(result.runDir);
    expect(names).toEqual(expect.arrayContaining(["report.md", "junit.xml", "verdict.json"]));
    expect(names).not.toContain("report.broken");
    expect((await verify(result)).exit).toBe(0);
  });

  it("an interrupted run closes a bundle that verifies, is NOT_PROVEN and exits 130", async () => {
    await using stub = await startStub(cleanRules);
    const stop = new AbortController();
    const onProgress = (p: Progress): void => {
      if (p.stage === "probe" && p.done === 4) stop.abort(new Error("SIGINT"));
    };
    const deps = makeDeps({ onProgress, signal: stop.signal });
    const result = await runValidation(quickPlan(probesOnly(stub.baseUrl)), deps);
    expect(result.exitCode).toBe(130);
    expect(result.verdict.outcome).toBe("NOT_PROVEN");
    const verdicts = verdictsOf(result);
    expect(verdicts["http.alive"]).toBe("passed");
    expect(verdicts["openai.oversized"]).toMatch(/^not_tested/);
    expect([0, 2]).toContain((await verify(result)).exit);
  });

  it("progress names each stage and the time left never grows within one", async () => {
    await using stub = await startStub(cleanRules);
    const seen: Progress[] = [];
    const deps = makeDeps({ onProgress: (p) => seen.push(p) });
    await runValidation(quickPlan(probesOnly(stub.baseUrl)), deps);
    expect(new Set(seen.map(({ stage }) => stage))).toEqual(
      new Set(["preflight", "probe", "load"]),
    );
    const left = seen
      .filter((p) => p.stage === "probe" && p.state === "running")
      .map((p) => p.leftMs ?? 0);
    expect(left).toEqual([...left].sort((a, b) => b - a));
    expect(seen.at(-1)?.leftMs).toBe(0);
  });

  it("earlier runs of the same target are listed in the report", async () => {
    await using stub = await startStub(cleanRules);
    const runsDir = makeRoot();
    const plan = quickPlan(probesOnly(stub.baseUrl));
    const first = await runValidation(plan, makeDeps({ runsDir }));
    const second = await runValidation(plan, makeDeps({ runsDir, random: seededRandom(4) }));
    const report = readFileSync(join(second.runDir, "report.json"), "utf8");
    expect(report).toContain(`"earlier":[{"at":`);
    expect(report).toContain(first.run);
    expect((await verify(second)).exit).toBe(0);
  });

  it("a run directory that cannot be made is refused before anything is sent", async () => {
    const root = makeRoot();
    writeFileSync(join(root, "file"), "");
    const deps = makeDeps({ runsDir: join(root, "file") });
    const plan = quickPlan(probesOnly("http://127.0.0.1:9/v1"));
    await expect(runValidation(plan, deps)).rejects.toMatchObject({ code: "LL_RUN_DIRECTORY" });
  });

  it("a runs directory under /proc is refused, not waited for", async () => {
    const deps = makeDeps({ runsDir: "/proc/loadline-none" });
    const plan = quickPlan(probesOnly("http://127.0.0.1:9/v1"));
    await expect(runValidation(plan, deps)).rejects.toMatchObject({ code: "LL_RUN_DIRECTORY" });
  });

  it("a closed port is NOT_READY, every probe fails, no latency claim passes", async (context) => {
    const stub = await startStub([]);
    await stub.close();
    const load = { ratePerSecond: 20, durationSeconds: 1, warmupSeconds: 0 };
    const plan = quickPlan({ baseUrl: stub.baseUrl, load });
    const measure = async (): Promise<string | undefined> => {
      const result = await runValidation(plan, makeDeps({ loadEngine: "inline" }));
      expect(result.verdict.outcome).toBe("NOT_READY");
      expect(result.exitCode).toBe(1);
      for (const claim of result.verdict.claims) expect(claim.verdict, claim.id).not.toBe("passed");
      expect(verdictsOf(result)["http.alive"]).toBe("failed.false");
      return verdictsOf(result)["load.chat.p99"];
    };
    // A machine that stood still cannot say whose doing a late answer was.
    const p99 = await quietest(measure, (verdict) => verdict !== "inconclusive.generator", 3);
    if (p99 === "inconclusive.generator") {
      return context.skip("NOT TESTED: the p99 of a closed port (the generator stood three times)");
    }
    expect(p99).toBe("failed.limit");
  }, 60_000);
});
