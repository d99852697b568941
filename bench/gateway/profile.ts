/**
 * Where the CPU of the gateway and of the bare relay goes under the same load: a profile of each, the
 * first half left out, sorted by what the code belongs to, in percent of the time that the main thread
 * was not idle. `node bench/gateway/profile.ts [requests]`; with `--streams` under 100 paced streams.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { numbersGiven, tell } from "../result.ts";
import { drive, readStream } from "./drive.ts";
import { round } from "../figures.ts";
import {
  allLimits,
  drivingCore,
  measuredCore,
  pin,
  start,
  startGateway,
  stop,
  type Subject,
} from "./subject.ts";

/** What of V8's profile format is read here. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

const isStreamed = process.argv.includes("--streams");
const [requests = isStreamed ? 20_000 : 120_000] = numbersGiven(process.argv);
/** Paced as `streams.ts` does. */
const paced = { streams: 100, paceMs: 20, tokensPerStream: 100, runs: 8 };
const leastPercent = 0.5;
/** The rest is one row. */
const rest = "what is less than half a percent";

/** What a piece of code belongs to, the first that is named here. */
const areas: readonly (readonly [RegExp, string])[] = [
  [/^(writev?|write[A-Z]\w*) $/, "writes into sockets, the kernel's part too"],
  [/^\(garbage collector\)/, "garbage collection"],
  [/^\(program\)/, "reads, polling, and what else is not JavaScript"],
  [/packages\/(gateway\/src\/[\w-]+|kit\/src\/[\w-]+)/, "$1"],
  [/node_modules\/undici/, "undici"],
  [/node:_http|node:internal\/http/, "node:http"],
  [/node:(net|stream|events|internal\/(stream|js_stream))/, "node: sockets and streams"],
  [/node:(internal\/)?buffer/, "node: bytes"],
  [/node:internal\/(process|timers|async)|node:timers/, "node: ticks and timers"],
];

function areaOf(functionName: string, url: string): string {
  const text = `${functionName} ${url}`;
  for (const [pattern, area] of areas) {
    const found = pattern.exec(text);
    if (found) return area === "$1" ? (found[1] ?? area) : area;
  }
  return url.startsWith("node:") ? "node: the rest" : "V8's own functions";
}

/** Percent of the busy time of the profile's second half, by area. */
function sharesOf(profile: Profile): Map<string, number> {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const micros = new Map<string, number>();
  let busyMicros = 0;
  for (let i = Math.floor(profile.samples.length / 2); i < profile.samples.length; i++) {
    const frame = frames.get(profile.samples[i] ?? -1);
    const spent = profile.timeDeltas[i] ?? 0;
    if (!frame || frame.functionName === "(idle)") continue;
    const area = areaOf(frame.functionName, frame.url);
    micros.set(area, (micros.get(area) ?? 0) + spent);
    busyMicros += spent;
  }
  return new Map([...micros].map(([area, spent]) => [area, (100 * spent) / busyMicros]));
}

async function streamAll(subject: Subject): Promise<void> {
  const reading = Array.from({ length: paced.streams }, () =>
    readStream(subject, () => performance.now()),
  );
  const lost = (await Promise.all(reading)).filter((outcome) => typeof outcome === "string");
  if (lost.length > 0) throw new Error(`${lost.length} streams were lost, the first: ${lost[0]}`);
}

async function profileOf(
  begin: (flags: readonly string[]) => Promise<Subject>,
): Promise<Map<string, number>> {
  const dir = mkdtempSync(join(tmpdir(), "ll-profile-"));
  try {
    const subject = await begin(["--cpu-prof", `--cpu-prof-dir=${dir}`, "--cpu-prof-interval=200"]);
    await drive(subject, requests);
    for (let i = 0; isStreamed && i < paced.runs; i++) await streamAll(subject);
    const ended = new Promise((resolve) => subject.child.once("exit", resolve));
    stop(subject);
    await ended;
    // A thread writes one of its own; the main thread's is the first.
    const [name = ""] = readdirSync(dir).toSorted((a, b) => threadOf(a) - threadOf(b));
    return sharesOf(JSON.parse(readFileSync(join(dir, name), "utf8")) as Profile);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** `CPU.day.time.pid.thread.seq.cpuprofile` */
const threadOf = (name: string): number => Number(name.split(".")[4]);

pin(process.pid, drivingCore);
const upstream = await start("upstream", {
  script: "upstream.ts",
  core: drivingCore,
  arguments: isStreamed ? [String(paced.paceMs), String(paced.tokensPerStream)] : [],
});
const base = `http://127.0.0.1:${upstream.port}`;
const relay = await profileOf((flags) =>
  start("relay", { script: "relay.ts", core: measuredCore, arguments: [base], flags }),
);
const concurrency = { key: 4096, global: 8192 };
const config = isStreamed ? { ...allLimits, concurrency } : allLimits;
const gateway = await profileOf((flags) => startGateway("gateway", base, config, flags));
stop(upstream);
const kept = [...new Set([...gateway.keys(), ...relay.keys()])].filter(
  (area) => Math.max(gateway.get(area) ?? 0, relay.get(area) ?? 0) >= leastPercent,
);
const rowOf = (area: string, of: (shares: Map<string, number>) => number) => ({
  area,
  gatewayPercent: round(of(gateway)),
  relayPercent: round(of(relay)),
});
const rows = kept
  .map((area) => rowOf(area, (shares) => shares.get(area) ?? 0))
  .toSorted((a, b) => b.gatewayPercent - a.gatewayPercent);
const restOf = (shares: Map<string, number>): number =>
  100 - kept.reduce((sum, area) => sum + (shares.get(area) ?? 0), 0);
const bench = isStreamed ? "gateway-streams-profile" : "gateway-profile";
const method = { requests, connections: 64, intervalMicros: 200, ...(isStreamed && paced) };
tell({ bench, method, rows: [...rows, rowOf(rest, restOf)] }, process.argv);
