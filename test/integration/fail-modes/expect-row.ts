import { expect } from "vitest";
import { quietest } from "../machine.ts";
import { type FailModeReport, type FailModeRow, runRow } from "./row.ts";

const roundsMax = 3;

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
  let calls = 0;
  const round = async (): Promise<FailModeReport> => {
    const report = await runRow(row);
    calls += report.calls;
    // However busy the machine is, in every round.
    expect(report.statuses, shown(report)).toEqual([200]);
    expect(report.healthStatuses, shown(report)).toEqual([200]);
    return report;
  };
  const report = await quietest(round, (one) => brokenBy(one).length === 0, roundsMax);
  return { ...report, calls };
}

/** Fails with the whole report when an optional dependency was not optional. */
export function expectOptional(report: FailModeReport): void {
  expect(report.statuses, shown(report)).toEqual([200]);
  expect(report.healthStatuses, shown(report)).toEqual([200]);
  expect(report.calls, shown(report)).toBeGreaterThan(300);
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
