/**
 * Other gateways on the same work. Each is a row: a command that starts it and the headers it wants.
 * One that is not here is said, never passed.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measuredCore, median, pin, round } from "./subject.ts";

interface Peer {
  readonly name: string;
  /** Makes it startable; a text says why it cannot be. */
  prepare(): string | undefined;
  command(port: number): readonly [string, ...string[]];
  headers(base: string): Record<string, string>;
}

const portkeyDir = join(tmpdir(), "loadline-bench-portkey-1.15.2");
const portkeyScript = join(portkeyDir, "node_modules/@portkey-ai/gateway/build/start-server.js");
const portkeyManifest = {
  name: "bench-portkey",
  private: true,
  dependencies: { "@portkey-ai/gateway": "1.15.2" },
  overrides: { hono: "4.9.7", "@hono/node-server": "1.13.8" },
};
const installTimeoutMs = 180_000;
const startDeadlineMs = 30_000;
const warmRequests = 3000;
const requestsPerRound = 1500;
const lanes = 64;
/** Clock ticks of /proc/PID/stat per second. */
const ticksPerSecond = 100;

const table: readonly Peer[] = [
  {
    name: "portkey 1.15.2",
    prepare() {
      if (existsSync(portkeyScript)) return undefined;
      mkdirSync(portkeyDir, { recursive: true });
      writeFileSync(join(portkeyDir, "package.json"), JSON.stringify(portkeyManifest));
      const options = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
      try {
        execFileSync("npm", options, {
          cwd: portkeyDir,
          timeout: installTimeoutMs,
          stdio: "ignore",
        });
      } catch (cause) {
        return `npm install failed: ${cause instanceof Error ? cause.message : String(cause)}`;
      }
      return existsSync(portkeyScript) ? undefined : "the package has no start script";
    },
    command: (port) => [process.execPath, portkeyScript, `--port=${port}`, "--headless"],
    headers: (base) => ({ "x-portkey-provider": "openai", "x-portkey-custom-host": `${base}/v1` }),
  },
];

/** User and system time of a process, all threads, in microseconds. */
function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
}

const body = JSON.stringify({
  model: "bench",
  messages: [{ role: "user", content: "y".repeat(900) }],
});

async function call(url: string, headers: Record<string, string>, count: number): Promise<void> {
  let sent = 0;
  const lane = async (): Promise<void> => {
    while (sent++ < count) {
      const answer = await fetch(url, { method: "POST", headers, body });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function isUp(port: number, child: ChildProcess): Promise<boolean> {
  const endMs = performance.now() + startDeadlineMs;
  while (performance.now() < endMs && child.exitCode === null) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answer) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

async function measure(
  peer: Peer,
  o: { base: string; rounds: number; relayMicros: number },
): Promise<Record<string, unknown>> {
  const missing = peer.prepare();
  if (missing !== undefined) return { subject: peer.name, notTested: missing };
  const port = 20_000 + (process.pid % 10_000);
  const [command, ...options] = peer.command(port);
  const child = spawn(command, options, { stdio: "ignore" });
  try {
    pin(child.pid, measuredCore);
    if (child.pid === undefined || !(await isUp(port, child)))
      return { subject: peer.name, notTested: "it did not start" };
    const url = `http://127.0.0.1:${port}/v1/chat/completions`;
    const headers = {
      "content-type": "application/json",
      authorization: "Bearer none",
      ...peer.headers(o.base),
    };
    await call(url, headers, warmRequests);
    const micros: number[] = [];
    for (let i = 0; i < o.rounds; i++) {
      const before = cpuMicros(child.pid);
      await call(url, headers, requestsPerRound);
      micros.push((cpuMicros(child.pid) - before) / requestsPerRound);
    }
    const spent = median(micros);
    return {
      subject: peer.name,
      microsPerRequest: round(spent),
      ratio: round(o.relayMicros / spent, 3),
    };
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    return { subject: peer.name, notTested: text };
  } finally {
    child.kill("SIGKILL");
  }
}

/** A row for each peer, measured after the subjects of the same run, one at a time. */
export async function peers(o: {
  base: string;
  rounds: number;
  relayMicros: number;
}): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const peer of table) {
    const row = await measure(peer, o);
    if ("notTested" in row)
      process.stderr.write(`NOT TESTED: ${peer.name} (${String(row["notTested"])})\n`);
    rows.push(row);
  }
  return rows;
}
