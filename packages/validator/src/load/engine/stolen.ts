import { readFileSync } from "node:fs";

/** What the machine beneath took from this one, added up since its start. */
export interface StolenTime {
  /** Jiffies of all CPUs, and how many of them another machine had. */
  readonly totalJiffies: number;
  readonly stolenJiffies: number;
  /** Periods in which the control group was held back. */
  readonly throttled: number;
}

/** A share of the time between two readings, and how often the group was held back. */
export interface Stolen {
  readonly stealPercent: number;
  readonly throttledPeriods: number;
}

const statFile = "/proc/stat";
const cgroupFile = "/sys/fs/cgroup/cpu.stat";

/** Zeros where the kernel tells nothing. */
export function readStolen(read: (path: string) => string | null = readText): StolenTime {
  const cpu = /^cpu\s+([\d ]+)$/m.exec(read(statFile) ?? "");
  // user nice system idle iowait irq softirq steal; guest time is in user time already.
  const jiffies = (cpu?.[1] ?? "").trim().split(/\s+/).slice(0, 8).map(Number);
  const throttled = /^nr_throttled (\d+)$/m.exec(read(cgroupFile) ?? "");
  return {
    totalJiffies: jiffies.reduce((sum, one) => sum + one, 0),
    stolenJiffies: jiffies[7] ?? 0,
    throttled: Number(throttled?.[1] ?? 0),
  };
}

/** What was taken between two readings. */
export function stolenBetween(before: StolenTime, after: StolenTime): Stolen {
  const total = after.totalJiffies - before.totalJiffies;
  const stolen = after.stolenJiffies - before.stolenJiffies;
  return {
    stealPercent: total > 0 ? (100 * stolen) / total : 0,
    throttledPeriods: after.throttled - before.throttled,
  };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Another kernel, or no control group: nothing is told.
    return null;
  }
}
