/**
 * Other gateways on the same work. Each is a row: a command that starts it and the headers it wants.
 * One that is not here is said, never passed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { installPortkey, portkeyVersion } from "./portkey-install.ts";
import { measuredCore, median, pin, round } from "./subject.ts";

interface Peer {
  readonly name: string;
  /** The script that starts it; a text says why there is none. */
  prepare(): { readonly script: string } | string;
  options(port: number): readonly string[];
  headers(base: string): Record<string, string>;
}

const startDeadlineMs = 30_000;
const warmRequests = 3000;
const requestsPerRound = 1500;
const lanes = 64;
/** Clock ticks of /proc/PID/stat per second. */
const ticksPerSecond = 100;

const table: readonly Peer[] = [
  {
    name: `portkey ${portkeyVersion}`,
    prepare: installPortkey,
    options: (port) => [`--port=${port}`, "--headless"],
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
  const prepared = peer.prepare();
  if (typeof prepared === "string") return { subject: peer.name, notTested: prepared };
  const port = 20_000 + (process.pid % 10_000);
  const child = spawn(process.execPath, [prepared.script, ...peer.options(port)], {
    stdio: "ignore",
  });
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
