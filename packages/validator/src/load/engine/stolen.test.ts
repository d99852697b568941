import { describe, expect, it } from "vitest";
import { readStolen, stolenBetween } from "./stolen.ts";

const files =
  (steal: number, idle: number, throttled: number) =>
  (path: string): string | null =>
    path.includes("cpu.stat")
      ? `usage_usec 5\nnr_periods 9\nnr_throttled ${throttled}\nthrottled_usec 3\n`
      : `cpu  100 0 50 ${idle} 0 0 0 ${steal} 7 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n`;

describe("stolen time", () => {
  it("steal is its share of all time between two readings, guest time not counted twice", () => {
    const before = readStolen(files(10, 1000, 2));
    expect(before).toEqual({ totalJiffies: 1160, stolenJiffies: 10, throttled: 2 });
    const stolen = stolenBetween(before, readStolen(files(60, 1150, 5)));
    expect(stolen).toEqual({ stealPercent: 25, throttledPeriods: 3 });
  });

  it("nothing was taken from a machine that was left alone, nor is anything made up without a kernel's word", () => {
    const none = { stealPercent: 0, throttledPeriods: 0 };
    const quiet = readStolen(files(10, 1000, 2));
    expect(stolenBetween(quiet, readStolen(files(10, 2000, 2)))).toEqual(none);
    const silent = readStolen(() => null);
    expect(stolenBetween(silent, silent)).toEqual(none);
  });
});
