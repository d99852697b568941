import type { Clock } from "@loadline/kit/clock";
import { eventually } from "../../../packages/testkit/src/index.ts";
import type { FailModeSubject, Sample } from "./subject.ts";

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
  /** Something to look at while it is away. */
  readonly whileAway?: () => Promise<void>;
}

/** What was seen of one way of going and coming back, twice. */
export interface FailModeReport {
  readonly statuses: readonly number[];
  readonly calls: number;
  readonly longestMs: number;
  /** The worst of the blocks with it, the best of those without it. */
  readonly healthyP99Ms: number;
  readonly awayP99Ms: number;
  /** From leaving to /health saying so, from coming back to /health saying so; the worst. */
  readonly flippedMs: number;
  readonly rejoinedMs: number;
  /** States that other components showed meanwhile. */
  readonly others: readonly string[];
  readonly healthStatuses: readonly number[];
  readonly rssRatio: number;
  readonly linesPerSecond: number;
  /** Part of the calls of the last healthy block that were degraded: a busy machine makes some. */
  readonly degradedAfter: number;
}

const everyMs = 20;
const blockMs = 1500;
const cycles = 2;
const flipMaxMs = 12_000;
const rejoinMaxMs = 30_000;

/** Healthy blocks and outages take turns under 50 calls a second. */
export async function runRow(row: FailModeRow): Promise<FailModeReport> {
  const { clock, subject } = row;
  await using load = startLoad(clock, subject);
  const seen = { others: new Set<string>(), statuses: new Set<number>() };
  const healthy: Sample[][] = [];
  const away: Sample[][] = [];
  const settled: Sample[][] = [];
  let flippedMs = 0;
  let rejoinedMs = 0;
  // The first block is not compared: code is cold and pools are empty.
  await load.block(blockMs);
  const linesBefore = subject.logged();
  const rssBefore = subject.rssBytes();
  const startMs = clock.monotonicMs();
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
  const tookMs = clock.monotonicMs() - startMs;
  const all = await load.end();
  return {
    statuses: [...new Set(all.map(({ status }) => status))].toSorted(),
    calls: all.length,
    longestMs: Math.max(...all.map((one) => one.tookMs)),
    healthyP99Ms: Math.max(...[...healthy, ...settled].map(p99)),
    awayP99Ms: Math.min(...away.map(p99)),
    flippedMs,
    rejoinedMs,
    others: [...seen.others],
    healthStatuses: [...seen.statuses],
    rssRatio: subject.rssBytes() / rssBefore,
    linesPerSecond: mostLines(linesBefore, subject) / (tookMs / 1000),
    degradedAfter: degradedOf(settled.at(-1) ?? []),
  };
}

interface Load extends AsyncDisposable {
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
async function until(
  row: FailModeRow,
  seen: { others: Set<string>; statuses: Set<number> },
  state: "down" | "ok",
): Promise<number> {
  const { clock, subject, component } = row;
  const startMs = clock.monotonicMs();
  const isThere = async (): Promise<boolean> => {
    const { status, states } = await subject.health();
    seen.statuses.add(status);
    for (const [name, other] of Object.entries(states))
      if (name !== component && other !== "ok") seen.others.add(`${name} ${other}`);
    return states[component] === state;
  };
  await eventually(clock, isThere, state === "down" ? flipMaxMs : rejoinMaxMs);
  return clock.monotonicMs() - startMs;
}

function p99(samples: readonly Sample[]): number {
  const sorted = samples.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
}

const degradedOf = (samples: readonly Sample[]): number =>
  samples.filter(({ isDegraded }) => isDegraded).length / samples.length;

/** Most lines that one event has written since. */
function mostLines(before: Readonly<Record<string, number>>, subject: FailModeSubject): number {
  const now = Object.entries(subject.logged());
  return Math.max(0, ...now.map(([event, count]) => count - (before[event] ?? 0)));
}
