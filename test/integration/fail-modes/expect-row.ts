import { expect } from "vitest";
import { watchMachine } from "../busy-rounds.ts";
import { quietest } from "../machine.ts";
import { type FailModeReport, type FailModeRow, runRow } from "./row.ts";

const roundsMax = 3;
/** No other round is begun later than this: the worst one takes 95 s of a test's 240 s. */
const beginMsMax = 100_000;
const callsMin = 300;
/** A fault may break these in some rounds alone; only a busy machine has them measured again. */
const needExcuse: ReadonlySet<string> = new Set(["others", "flippedMs", "degradedAfter"]);

/** Section 12's figures; times are generous, because other suites run beside this one. */
const law = {
  flipMs: 2000,
  rejoinMs: 5000,
  /** A call waits for a dead dependency, never hangs on it. */
  longestMs: 3000,
  p99Ratio: 5,
  /** Below this a healthy p99 is noise of the machine. */
  p99FloorMs: 8,
  rssRatio: 1.25,
  linesPerSecond: 2,
  degradedAfter: 0.2,
} as const;

/** The first of at most three rounds whose figures keep the law; its calls are those of all. */
export async function runRounds(row: FailModeRow): Promise<FailModeReport> {
  const startMs = row.clock.monotonicMs();
  let calls = 0;
  const round = async (): Promise<Round> => {
    using watch = watchMachine(row.clock);
    const report = await runRow(row);
    calls += report.calls;
    // However busy the machine is, in every round.
    expectServed(report);
    return { report, excuse: watch.excuse() };
  };
  const isLast = (one: Round): boolean =>
    isDecided(one) || row.clock.monotonicMs() - startMs > beginMsMax;
  const { report } = await quietest(round, isLast, roundsMax);
  return { ...report, calls };
}

interface Round {
  readonly report: FailModeReport;
  /** Why the machine may have made what is off; null when nothing says so. */
  readonly excuse: string | null;
}

/** The law is kept, or broken in what nothing excuses. */
function isDecided({ report, excuse }: Round): boolean {
  const broken = brokenBy(report);
  return broken.length === 0 || (excuse === null && broken.some((name) => needExcuse.has(name)));
}

function expectServed(report: FailModeReport): void {
  expect(report.statuses, shown(report)).toEqual([200]);
  expect(report.healthStatuses, shown(report)).toEqual([200]);
  expect(report.calls, shown(report)).toBeGreaterThan(callsMin);
}

/** Fails with the whole report when an optional dependency was not optional. */
export function expectOptional(report: FailModeReport): void {
  expectServed(report);
  expect(brokenBy(report), shown(report)).toEqual([]);
}

/** Figures beyond the law: a busy machine may only add to each. */
function brokenBy(report: FailModeReport): string[] {
  const floorMs = Math.max(report.healthyP99Ms, law.p99FloorMs);
  const holds = {
    others: report.others.length === 0,
    longestMs: report.longestMs < law.longestMs,
    flippedMs: report.flippedMs < law.flipMs,
    rejoinedMs: report.rejoinedMs < law.rejoinMs,
    awayP99Ms: report.awayP99Ms / floorMs < law.p99Ratio,
    rssRatio: report.rssRatio < law.rssRatio,
    linesPerSecond: report.linesPerSecond <= law.linesPerSecond,
    degradedAfter: report.degradedAfter < law.degradedAfter,
  };
  return Object.entries(holds).flatMap(([name, isKept]) => (isKept ? [] : [name]));
}

const shown = (report: FailModeReport): string => JSON.stringify(report);
