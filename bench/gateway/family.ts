/** A process with all that it started, and the CPU time of them together; Linux alone tells it. */
import { readFileSync } from "node:fs";

/** Clock ticks of /proc/PID/stat per second. */
const ticksPerSecond = 100;

/** A process and its children, theirs too. */
export function familyOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return [pid, ...text.split(" ").filter(Boolean).map(Number).flatMap(familyOf)];
}

/** User and system time of processes, all threads, in microseconds. */
export function cpuMicrosOf(pids: readonly number[]): number {
  const ticks = pids.map((one) => {
    const fields = readFileSync(`/proc/${one}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return (ticks.reduce((sum, one) => sum + one, 0) * 1e6) / ticksPerSecond;
}
