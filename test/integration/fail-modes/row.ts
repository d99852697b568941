import type { Clock } from "@loadline/kit/clock";
import { eventually } from "../../../packages/testkit/src/index.ts";
import type { FailModeSubject, LogLine, Sample } from "./subject.ts";

/** A way in which a dependency goes and comes back. */
export interface FailMode {
  leave(): Promise<void>;
  back(): Promise<void>;
}

export interface FailModeRow {
  readonly clock: Clock;
  readonly subject: FailModeSubject;
  /** The component of /health that flips, and no other. */
  readonly component: string;
  readonly mode: FailMode;
  /** How often it goes; default 3. */
  readonly cycles?: number;
  /** Longest times to /health saying so, both ways; default: section 12's 2 and 5 s. */
  readonly lawMs?: FailModeReport["lawMs"];
  /** Something to look at while it is away. */
  readonly whileAway?: () => Promise<void>;
}

/** What was seen of one way of going and coming back, again and again. */
export interface FailModeReport {
  readonly statuses: readonly number[];
  readonly calls: number;
  readonly longestMs: number;
  /** Of all calls of the blocks with it, and of those without it that take turns with them. */
  readonly healthyP50Ms: number;
  readonly awayP50Ms: number;
  readonly healthyP99Ms: number;
  readonly awayP99Ms: number;
  /** From leaving to /health saying so, from coming back to /health saying so; the worst. */
  readonly flippedMs: number;
  readonly rejoinedMs: number;
  readonly lawMs: { readonly flip: number; readonly rejoin: number };
  /** States that other components showed meanwhile. */
  readonly others: readonly string[];
  readonly healthStatuses: readonly number[];
  readonly readyStatuses: readonly number[];
  /** After it came back for the last time, of what it was before it went for the first. */
  readonly rssRatio: number;
  /** Most lines of the log within one second that differ in nothing but figures. */
  readonly linesPerSecond: number;
  /** Part of the calls of the last healthy block that were degraded: a busy machine makes some. */
  readonly degradedAfter: number;
}

const everyMs = 20;
const blockMs = 1500;
const cyclesDefault = 3;
const lawMsDefault = { flip: 2000, rejoin: 5000 };
/** Three ways of one dependency together: more than the 2,995 calls that say 0.1 % in 95 of 100 cases. */
const callsMin = 1000;
/** A process that grew by less than this in a block is as large as the load makes it. */
const growth = 1.01;
const warmBlocksMax = 6;
/** Beyond the law by so much, a round ends. */
const patienceMs = 25_000;

/** Healthy blocks and outages take turns under 50 calls a second. */
export async function runRow(row: FailModeRow): Promise<FailModeReport> {
  const { clock, subject, cycles = cyclesDefault, lawMs = lawMsDefault } = row;
  await using load = startLoad(clock, subject);
  const seen: Seen = { others: new Set(), statuses: new Set(), ready: new Set() };
  const healthy: Sample[][] = [];
  const away: Sample[][] = [];
  const settled: Sample[][] = [];
  let flippedMs = 0;
  let rejoinedMs = 0;
  // The first blocks are not compared: code is cold and pools are empty.
  const rssBefore = await warm(load, subject);
  const linesBefore = subject.logged().length;
  for (let i = 0; i < cycles; i++) {
    healthy.push(await load.block(blockMs));
    await row.mode.leave();
    flippedMs = Math.max(flippedMs, await until(row, seen, "down"));
    await row.whileAway?.();
    away.push(await load.block(blockMs));
    await row.mode.back();
    rejoinedMs = Math.max(rejoinedMs, await until(row, seen, "ok"));
    settled.push(await load.block(blockMs));
  }
  const rssRatio = subject.rssBytes() / rssBefore;
  const linesPerSecond = mostLines(subject.logged().slice(linesBefore));
  while (load.begun() < callsMin) await load.block(blockMs);
  const all = await load.end();
  const beside = [...healthy, ...settled].flat();
  return {
    statuses: [...new Set(all.map(({ status }) => status))].toSorted(),
    calls: all.length,
    longestMs: Math.max(...all.map((one) => one.tookMs)),
    healthyP50Ms: quantile(beside, 0.5),
    awayP50Ms: quantile(away.flat(), 0.5),
    healthyP99Ms: quantile(beside, 0.99),
    awayP99Ms: quantile(away.flat(), 0.99),
    flippedMs,
    rejoinedMs,
    lawMs,
    others: [...seen.others],
    healthStatuses: [...seen.statuses],
    readyStatuses: [...seen.ready],
    rssRatio,
    linesPerSecond,
    degradedAfter: degradedOf(settled.at(-1) ?? []),
  };
}

/** Bytes of the process once the load makes it no larger. */
async function warm(load: Load, subject: FailModeSubject): Promise<number> {
  await load.block(blockMs);
  let bytes = subject.rssBytes();
  for (let i = 1; i < warmBlocksMax; i++) {
    const before = bytes;
    await load.block(blockMs);
    bytes = subject.rssBytes();
    if (bytes < before * growth) break;
  }
  return bytes;
}

/** What others showed while a component was waited for. */
interface Seen {
  readonly others: Set<string>;
  readonly statuses: Set<number>;
  readonly ready: Set<number>;
}

interface Load extends AsyncDisposable {
  /** Calls so far. */
  begun(): number;
  /** Calls that were begun within the next `ms`, all answered. */
  block(ms: number): Promise<Sample[]>;
  end(): Promise<readonly Sample[]>;
}

function startLoad(clock: Clock, subject: FailModeSubject): Load {
  const calls: Promise<Sample>[] = [];
  let isOver = false;
  const loop = async (): Promise<void> => {
    const startMs = clock.monotonicMs();
    while (!isOver) {
      calls.push(subject.call());
      const nextMs = startMs + calls.length * everyMs;
      await clock.sleep(Math.max(1, nextMs - clock.monotonicMs()));
    }
  };
  const running = loop();
  const end = async (): Promise<readonly Sample[]> => {
    isOver = true;
    await running;
    return Promise.all(calls);
  };
  return {
    begun: () => calls.length,
    async block(ms) {
      const from = calls.length;
      await clock.sleep(ms);
      return Promise.all(calls.slice(from));
    },
    end,
    [Symbol.asyncDispose]: async () => void (await end()),
  };
}

/** Milliseconds until the component is in such a state; notes what the others showed meanwhile. */
async function until(row: FailModeRow, seen: Seen, state: "down" | "ok"): Promise<number> {
  const { clock, subject, component } = row;
  const startMs = clock.monotonicMs();
  const isThere = async (): Promise<boolean> => {
    const { status, states } = await subject.health();
    seen.statuses.add(status);
    seen.ready.add(await subject.ready());
    for (const [name, other] of Object.entries(states))
      if (name !== component && other !== "ok") seen.others.add(`${name} ${other}`);
    return states[component] === state;
  };
  const { flip, rejoin } = row.lawMs ?? lawMsDefault;
  await eventually(clock, isThere, (state === "down" ? flip : rejoin) + patienceMs);
  return clock.monotonicMs() - startMs;
}

function quantile(samples: readonly Sample[], q: number): number {
  const sorted = samples.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

const degradedOf = (samples: readonly Sample[]): number =>
  samples.filter(({ isDegraded }) => isDegraded).length / samples.length;

/** Most lines within one second of those that are the same but for their figures. */
function mostLines(lines: readonly LogLine[]): number {
  let most = 0;
  for (const same of Map.groupBy(lines, ({ signature }) => signature).values())
    for (const { atMs } of same) {
      const within = same.filter((other) => other.atMs >= atMs && other.atMs < atMs + 1000);
      most = Math.max(most, within.length);
    }
  return most;
}
