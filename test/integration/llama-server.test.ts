import { once } from "node:events";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { VerdictDocument } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { eventually, freePort, spawnHeld } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { repositoryRoot } from "../architecture/tree.ts";
import { claimsThat, emptyDir, evidenceOf, runCli, runDirOf, verdictOf } from "./cli-process.ts";
import { judgeRounds } from "./load/rounds.ts";
import { openClaims, skipUnlessReady } from "./readiness.ts";

const parts = await requireParts(["llama-server"]);
const model = join(repositoryRoot, "packages/gateway/models/tiny/loadline-tiny.gguf");
const startDeadlineMs = 60_000;
/** Starts it on a free port and waits until it says that its model is loaded. */
async function startServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort();
  const child = spawnHeld(parts.found("llama-server").path, [model, String(port)], {
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const isUp = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`llama-server ended with ${child.exitCode}`);
    const response = await fetch(`${url}/health`).catch(() => undefined);
    return response?.ok === true;
  };
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  await eventually(systemClock(), isUp, startDeadlineMs).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, stop };
}

describe.skipIf(parts.missing)("Debian's llama-server", () => {
  const server = { url: "", stop: (): Promise<void> => Promise.resolve() };

  beforeAll(async () => {
    Object.assign(server, await startServer());
  });
  afterAll(() => server.stop());

  it("loads the GGUF of this repository and answers a chat with usage", async () => {
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "loadline-tiny",
        messages: [{ role: "user", content: "What is Loadline?" }],
        max_tokens: 16,
      }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      choices: [{ message: { role: "assistant", content: expect.stringMatching(/\w/) } }],
      usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
    });
  });

  it("is validated from outside: every required probe passes, load is READY, and no request is lost to a closing connection [R0-24]", async (context) => {
    const verdicts: VerdictDocument[] = [];
    await judgeRounds(context, () => round(verdicts), 2);
    for (const verdict of verdicts.slice(-1)) skipUnlessReady(context, verdict);
  }, 300_000);

  /** Validates it; returns what of its load failed: a model that waits for a CPU is late itself. */
  async function round(verdicts: VerdictDocument[]): Promise<readonly string[]> {
    const cwd = emptyDir();
    const ended = await runCli(cwd, ["validate", "--json", "--target", server.url]);
    const verdict = verdictOf(ended);
    const required = verdict.claims.filter((claim) => claim.required);
    expect(ended.code).toBe(verdict.exitCode);
    expect(claimsThat(verdict, "error")).toEqual([]);
    expect(required.filter(({ id }) => id.startsWith("load.")).length).toBeGreaterThan(5);
    const classes = required.flatMap(({ parts: of }) => of.flatMap((p) => Object.keys(p.badBy)));
    expect(classes).not.toContain("stale_connection");
    // It closes after each streamed answer without a word; the report owns up to that.
    expect(verdict.limits.join(" ")).toContain("the target closes them unannounced");

    const runDir = runDirOf(cwd);
    const copy = join(emptyDir(), "copy");
    cpSync(runDir, copy, { recursive: true });
    const same = await runCli(cwd, ["verify", copy]);
    expect(same.out).toContain(`outcome: ${verdict.outcome}`);
    expect(same.code).toBe(0);
    const lines = evidenceOf(copy).split("\n");
    const tally = lines.findIndex((line) => line.includes('"kind":"sample.tally"'));
    lines[tally] = (lines[tally] ?? "").replace(/"n":\d+/, '"n":9999');
    writeFileSync(join(copy, "evidence.jsonl"), lines.join("\n"));
    const tampered = await runCli(cwd, ["verify", copy]);
    expect(tampered.out).toContain(`first bad record: ${tally}\n`);
    expect(tampered.code).toBe(1);
    verdicts.push(verdict);
    const { others } = openClaims(verdict);
    const failed = others.filter(({ id, reason }) => id.startsWith("load.") && reason === "limit");
    return failed.map(({ id, sentence }) => `${id}: ${sentence}`);
  }
});
