import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { eventually, freePort } from "../../packages/testkit/src/index.ts";
import { repositoryRoot } from "../architecture/tree.ts";
import { emptyDir } from "./cli-process.ts";

const clock = systemClock();
const main = join(repositoryRoot, "packages/cli/src/main.ts");
const startMs = 60_000;
/** The default grace, and time for a busy machine. */
const endMs = 60_000;
/** Of a target and a route: in each line of the log. */
const name = "x".repeat(60);
/** Together some 2 MB of lines, of which the pipe and the gateway hold two thirds at most. */
const calls = 5000;
const atOnce = 20;
const mebibyte = 1024 * 1024;

/** A gateway as a user starts it, whose log goes to `stderr`. */
async function serve(stderr: "pipe" | number): Promise<{ url: string; child: ChildProcess }> {
  const cwd = emptyDir();
  const port = await freePort();
  const config = {
    listen: { port },
    auth: { required: false },
    // A machine that is busy with other suites is none of the log's.
    telemetry: { overloadAfter: 0 },
    targets: { [name]: { provider: "simulator", tokens: 1, latency: 0, tokensPerSecond: 1e6 } },
    routes: { [name]: { models: ["sim"], groups: [{ targets: [name] }] } },
  };
  writeFileSync(join(cwd, "gateway.json"), JSON.stringify(config));
  const child = spawn(process.execPath, [main, "serve", "--config", "gateway.json"], {
    cwd,
    stdio: ["ignore", "ignore", stderr],
  });
  const url = `http://127.0.0.1:${port}`;
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
  try {
    await eventually(clock, isReady, startMs);
  } catch (cause) {
    child.kill("SIGKILL");
    throw cause;
  }
  return { url, child };
}

async function call(url: string): Promise<{ status: number; id: string }> {
  const body = JSON.stringify({ model: "sim", messages: [{ role: "user", content: "hi" }] });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
  await answer.arrayBuffer();
  return { status: answer.status, id: answer.headers.get("x-request-id") ?? "" };
}

async function callOften(url: string): Promise<Set<number>> {
  const seen = new Set<number>();
  let left = calls;
  const run = async (): Promise<void> => {
    while (left-- > 0) seen.add((await call(url)).status);
  };
  await Promise.all(Array.from({ length: atOnce }, run));
  return seen;
}

async function seriesOf(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name}{queue="logs"}`));
  return Number(line?.split(" ")[1]);
}

/** The exit code; null when it had to be killed. */
async function end(child: ChildProcess): Promise<number | null> {
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const late = clock.after(endMs, () => child.kill("SIGKILL"));
  const [code] = await exit;
  late.cancel();
  return typeof code === "number" ? code : null;
}

describe("a log that nobody takes", () => {
  it("holds no call up: at most 1 MiB waits, the oldest lines are lost and counted, the newest are read later", async () => {
    const { url, child } = await serve("pipe");
    try {
      expect(await callOften(url)).toEqual(new Set([200]));
      expect(await seriesOf(url, "loadline_queue_dropped_total")).toBeGreaterThan(0);
      expect(await seriesOf(url, "loadline_queue_depth")).toBeLessThanOrEqual(mebibyte);
      const newest = await call(url);
      let text = "";
      child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      const isRead = async (): Promise<boolean> =>
        (await seriesOf(url, "loadline_queue_depth")) === 0 && text.includes(`"id":"${newest.id}"`);
      await eventually(clock, isRead, startMs);
      expect(text).toContain("serving http://");
      expect(text.split("\n").length).toBeLessThan(calls);
    } finally {
      expect(await end(child)).toBe(0);
    }
  }, 240_000);

  it("the process ends when it is told to, though nobody reads what is left", async () => {
    const { url, child } = await serve("pipe");
    await callOften(url);
    expect(await end(child)).toBe(0);
  }, 240_000);

  it.skipIf(!existsSync("/dev/full"))(
    "a full disk under the log ends nothing",
    async () => {
      const full = openSync("/dev/full", "w");
      const { url, child } = await serve(full);
      closeSync(full);
      try {
        expect((await call(url)).status).toBe(200);
        expect(child.exitCode).toBeNull();
      } finally {
        expect(await end(child)).toBe(0);
      }
    },
    120_000,
  );
});
