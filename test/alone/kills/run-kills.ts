import type { Clock } from "@loadline/kit/clock";
import { eventually } from "../../../packages/testkit/src/eventually.ts";
import { cpuWaitedMs } from "../../integration/machine.ts";
import { type Call, type Load, startLoad } from "./load.ts";

export interface KillPlan {
  readonly clock: Clock;
  readonly url: string;
  readonly key: string;
  readonly model: string;
  readonly kills: number;
  readonly perSecond: number;
  /** Shortest time between two kills, ms. */
  readonly everyMs: number;
  /** Kills the process behind a target; false when there is none to kill. */
  kill(target: string): Promise<boolean>;
  /** Whether another one could take over now. */
  canKill(): boolean | Promise<boolean>;
}

export interface KillReport {
  readonly kills: number;
  readonly calls: number;
  readonly failed: readonly Call[];
  /** Calls that needed more than one attempt. */
  readonly switched: number;
  /** The slowest call sent around each kill, ms, ascending. */
  readonly slowestMs: readonly number[];
  /** The longest wait between two good answers around each kill, ms, ascending. */
  readonly gapsMs: readonly number[];
  /** Share of the time in which something waited for a processor, 0..1; 0 where the kernel does not say. */
  readonly pressure: number;
}

const readyDeadlineMs = 30_000;
const beforeMs = 200;
const afterMs = 1500;

/** Kills whichever target answers, again and again under load, and counts what the callers saw. */
export async function runKills(plan: KillPlan): Promise<KillReport> {
  const { clock } = plan;
  const load = startLoad(plan);
  const killedMs: number[] = [];
  const before = { ms: clock.monotonicMs(), waitedMs: cpuWaitedMs() };
  try {
    while (killedMs.length < plan.kills) {
      await clock.sleep(plan.everyMs);
      await eventually(clock, () => plan.canKill(), readyDeadlineMs);
      const active = load.calls.at(-1)?.target ?? "";
      const atMs = clock.monotonicMs();
      if (await plan.kill(active)) killedMs.push(atMs);
    }
    await clock.sleep(afterMs);
  } finally {
    await load.stop();
  }
  const pressure = (cpuWaitedMs() - before.waitedMs) / (clock.monotonicMs() - before.ms);
  return { ...reportOf(load, killedMs), pressure };
}

function reportOf(load: Load, killedMs: readonly number[]): Omit<KillReport, "pressure"> {
  const slowestMs = killedMs.map((atMs) =>
    Math.max(
      0,
      ...load.calls
        .filter(({ startMs }) => startMs > atMs - beforeMs && startMs < atMs + afterMs)
        .map(({ ms }) => ms),
    ),
  );
  return {
    kills: killedMs.length,
    calls: load.calls.length,
    failed: load.calls.filter(({ status }) => status !== 200),
    switched: load.calls.filter(({ attempts }) => attempts > 1).length,
    slowestMs: slowestMs.toSorted((x, y) => x - y),
    gapsMs: killedMs.map((atMs) => gapAround(load.calls, atMs)).toSorted((x, y) => x - y),
  };
}

/** From the last good answer before a kill on, until its consequences are over. */
function gapAround(calls: readonly Call[], atMs: number): number {
  const good = calls
    .filter(({ status }) => status === 200)
    .map(({ startMs, ms }) => startMs + ms)
    .filter((endMs) => endMs > atMs - beforeMs && endMs < atMs + afterMs)
    .toSorted((x, y) => x - y);
  if (good.length < 2) return Infinity;
  return good.reduce((longest, endMs, i) => Math.max(longest, endMs - (good[i - 1] ?? endMs)), 0);
}

/** The report in one line. */
export function sayKills(name: string, report: KillReport): string {
  const { kills, calls, failed, switched, slowestMs, gapsMs } = report;
  const at = (share: number): number =>
    Math.round(
      slowestMs[Math.min(slowestMs.length - 1, Math.floor(slowestMs.length * share))] ?? 0,
    );
  const gapMs = Math.round(gapsMs.at(-1) ?? 0);
  return (
    `${name}: ${kills} kills, ${calls} calls, ${failed.length} failed, ${switched} switched; ` +
    `slowest call per kill p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, max ${at(1)} ms; ` +
    `longest wait between two good answers ${gapMs} ms\n${sayFailed(failed)}`
  );
}

/** What the failed calls had tried, each with how often. */
function sayFailed(failed: readonly Call[]): string {
  const ways = new Map<string, number>();
  for (const { status, text } of failed) {
    const classes = [...text.matchAll(/"class":"(\w+)"/g)].map((match) => match[1] ?? "");
    const way = `${status} after ${classes.join(", ") || "no attempt"}`;
    ways.set(way, (ways.get(way) ?? 0) + 1);
  }
  return [...ways].map(([way, count]) => `  ${count} x ${way}\n`).join("");
}
