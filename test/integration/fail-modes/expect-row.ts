import { expect } from "vitest";
import { watchMachine } from "../busy-rounds.ts";
import { notTested, quietest } from "../machine.ts";
import { type FailModeReport, type FailModeRow, runRow } from "./row.ts";

const roundsMax = 3;
/** No other round is begun later than this: the worst one takes 150 s of a test's 240 s. */
const beginMsMax = 60_000;
/** A fault may break these in some rounds alone; only a busy machine has them measured again. */
const needExcuse: ReadonlySet<string> = new Set(["others", "flippedMs", "degradedAfter"]);

/** Section 12's figures, and what nobody excuses. */
const law = {
  callsMin: 1000,
  /** A call waits for a dead dependency, never hangs on it. */
  longestMs: 3000,
  p99Ratio: 1.3,
  /**
   * However busy the machine is: blocks with and without the dependency take turns on it. Of a short
   * outage's calls one hold of the machine is p99, never half of them.
   */
  p50RatioMax: 5,
  /** Below this a healthy time is noise of the machine. */
  floorMs: 8,
  rssRatio: 1.1,
  rssRatioMax: 1.25,
  linesPerSecond: 1,
  degradedAfter: 0.2,
} as const;

/** The first of at most three rounds whose figures keep the law; its calls are those of all. */
export async function runRounds(row: FailModeRow): Promise<Round> {
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
  const last = await quietest(round, isLast, roundsMax);
  return { ...last, report: { ...last.report, calls } };
}

export interface Round {
  readonly report: FailModeReport;
  /** Why the machine may have made what is off; null when nothing says so. */
  readonly excuse: string | null;
}

/** The law is kept, or broken in what nothing excuses. */
function isDecided({ report, excuse }: Round): boolean {
  const broken = [...brokenBy(report), ...strictlyBroken(report)];
  return broken.length === 0 || (excuse === null && broken.some((name) => needExcuse.has(name)));
}

function expectServed(report: FailModeReport): void {
  expect(report.statuses, shown(report)).toEqual([200]);
  expect(report.healthStatuses, shown(report)).toEqual([200]);
  expect(report.readyStatuses, shown(report)).toEqual([200]);
  expect(report.calls, shown(report)).toBeGreaterThanOrEqual(law.callsMin);
}

/**
 * Fails with the whole report when an optional dependency was not optional. What this machine was too
 * busy to show, to be the test's last word; nothing on a quiet one.
 */
export function expectOptional({ report, excuse }: Round): readonly string[] {
  expectServed(report);
  expect(brokenBy(report), shown(report)).toEqual([]);
  const strict = strictlyBroken(report);
  if (excuse === null) expect(strict, shown(report)).toEqual([]);
  const why = `${excuse ?? ""}: ${shown(report)}`;
  return strict.map((name) => notTested(`${name} <= ${law[name]}`, why));
}

/** Figures beyond the law: a busy machine may only add to each. */
function brokenBy(report: FailModeReport): string[] {
  const holds = {
    others: report.others.length === 0,
    longestMs: report.longestMs < law.longestMs,
    flippedMs: report.flippedMs < report.lawMs.flip,
    rejoinedMs: report.rejoinedMs < report.lawMs.rejoin,
    p50RatioMax: ratioOf(report.awayP50Ms, report.healthyP50Ms) < law.p50RatioMax,
    rssRatioMax: report.rssRatio < law.rssRatioMax,
    linesPerSecond: report.linesPerSecond <= law.linesPerSecond,
    degradedAfter: report.degradedAfter < law.degradedAfter,
  };
  return Object.entries(holds).flatMap(([name, isKept]) => (isKept ? [] : [name]));
}

/** Ratios that a busy machine breaks by itself, in every round. */
function strictlyBroken(report: FailModeReport): ("p99Ratio" | "rssRatio")[] {
  return [
    ...(p99RatioOf(report) <= law.p99Ratio ? [] : (["p99Ratio"] as const)),
    ...(report.rssRatio <= law.rssRatio ? [] : (["rssRatio"] as const)),
  ];
}

const p99RatioOf = ({ awayP99Ms, healthyP99Ms }: FailModeReport): number =>
  ratioOf(awayP99Ms, healthyP99Ms);

const ratioOf = (awayMs: number, healthyMs: number): number =>
  awayMs / Math.max(healthyMs, law.floorMs);

const shown = (report: FailModeReport): string => JSON.stringify(report);
