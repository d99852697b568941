import { expect } from "vitest";
import type { FailModeReport } from "./row.ts";

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

/** Fails with the whole report when an optional dependency was not optional. */
export function expectOptional(report: FailModeReport): void {
  const { healthyP99Ms, awayP99Ms } = report;
  const floorMs = Math.max(healthyP99Ms, law.p99FloorMs);
  expect(report.statuses, shown(report)).toEqual([200]);
  expect(report.healthStatuses, shown(report)).toEqual([200]);
  expect(report.others, shown(report)).toEqual([]);
  expect(report.calls, shown(report)).toBeGreaterThan(300);
  expect(report.longestMs, shown(report)).toBeLessThan(law.longestMs);
  expect(report.flippedMs, shown(report)).toBeLessThan(law.flipMs);
  expect(report.rejoinedMs, shown(report)).toBeLessThan(law.rejoinMs);
  expect(awayP99Ms / floorMs, shown(report)).toBeLessThan(law.p99Ratio);
  expect(report.rssRatio, shown(report)).toBeLessThan(law.rssRatio);
  expect(report.linesPerSecond, shown(report)).toBeLessThanOrEqual(law.linesPerSecond);
  expect(report.degradedAfter, shown(report)).toBeLessThan(law.degradedAfter);
}

const shown = (report: FailModeReport): string => JSON.stringify(report);
