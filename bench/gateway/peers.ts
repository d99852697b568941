/**
 * Other gateways on the same work, each a row of `peer-table.ts`. One that is not here is said, never
 * passed. Alone: `node bench/gateway/peers.ts [--peers FILE.json]`, without our own gateway.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@loadline/testkit";
import { tell } from "../result.ts";
import { cpuMicrosOf, familyOf } from "./family.ts";
import { ratioRow } from "./measure.ts";
import { type Peer, peerTable } from "./peer-table.ts";
import { median, round } from "../figures.ts";
import { drivingCore, measuredCore, pin, start, stop } from "./subject.ts";

const lanes = 64;
const peerRounds = 9;

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

async function isUp(url: string, deadlineMs: number, child: ChildProcess): Promise<boolean> {
  const endMs = performance.now() + deadlineMs;
  while (performance.now() < endMs && child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

interface Run {
  readonly base: string;
  /** CPU per request of the bare relay in one round beside each of the peer's; absent: no ratio. */
  readonly relayRound?: () => Promise<number>;
  /** A JSON file with further peers. */
  readonly file?: string | undefined;
}

/** Fills `{port}`, `{base}` and `{dir}` in. */
function filled(texts: Readonly<Record<string, string>>, o: Record<string, string>) {
  const fill = (text: string): string =>
    text.replaceAll(/\{(port|base|dir)\}/g, (_, name) => o[String(name)] ?? "");
  return {
    fill,
    all: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, fill(text)])),
  };
}

/** A row for one peer, started, warmed, measured and ended. */
export async function measurePeer(peer: Peer, run: Run): Promise<Record<string, unknown>> {
  const dir = mkdtempSync(join(tmpdir(), "ll-peer-"));
  const port = await freePort();
  const places = { port: String(port), base: run.base, dir };
  const { fill, all: files } = filled(peer.files, places);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const [program = "", ...list] = peer.command.map(fill);
  const child = spawn(program, list, {
    cwd: peer.cwd ?? dir,
    env: { ...process.env, ...filled(peer.environment, places).all },
    stdio: "ignore",
  });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  try {
    const url = `http://127.0.0.1:${port}`;
    const isReady = await Promise.race([isUp(url + peer.ready, peer.readyMs, child), failed]);
    const { pid } = child;
    if (pid === undefined || !isReady) return absent(peer.name, "it did not start");
    for (const one of familyOf(pid)) pin(one, measuredCore);
    const headers = { "content-type": "application/json", ...filled(peer.headers, places).all };
    return await rounds(peer, run, { pid, headers, url: `${url}/v1/chat/completions` });
  } catch (cause) {
    return absent(peer.name, cause instanceof Error ? cause.message : String(cause));
  } finally {
    child.kill("SIGKILL");
    rmSync(dir, { recursive: true, force: true });
  }
}

async function rounds(
  peer: Peer,
  run: Run,
  o: { pid: number; url: string; headers: Record<string, string> },
): Promise<Record<string, unknown>> {
  await call(o.url, o.headers, peer.warmRequests);
  const micros: number[] = [];
  const relay: number[] = [];
  for (let i = 0; i < peerRounds; i++) {
    if (run.relayRound) relay.push(await run.relayRound());
    const before = cpuMicrosOf(familyOf(o.pid));
    await call(o.url, o.headers, peer.requestsPerRound);
    micros.push((cpuMicrosOf(familyOf(o.pid)) - before) / peer.requestsPerRound);
  }
  if (relay.length > 0) return ratioRow(peer.name, relay, micros);
  return { subject: peer.name, microsPerRequest: round(median(micros)) };
}

function absent(subject: string, notTested: string): Record<string, unknown> {
  process.stderr.write(`NOT TESTED: ${subject} (${notTested})\n`);
  return { subject, notTested };
}

/** A row for each peer, measured after the subjects of the same run, one at a time. */
export async function peers(run: Run): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const peer of peerTable(run.file))
    rows.push(
      "notTested" in peer ? absent(peer.name, peer.notTested) : await measurePeer(peer, run),
    );
  return rows;
}

/** The file named behind `--peers`. */
export function peersFile(list: readonly string[]): string | undefined {
  const at = list.indexOf("--peers");
  return at < 0 ? undefined : list[at + 1];
}

if (import.meta.main) {
  pin(process.pid, drivingCore);
  const upstream = await start("upstream", { script: "upstream.ts", core: drivingCore });
  const base = `http://127.0.0.1:${upstream.port}`;
  const rows = await peers({ base, file: peersFile(process.argv) });
  stop(upstream);
  tell({ bench: "gateway-peers", rounds: peerRounds, rows }, process.argv);
}
