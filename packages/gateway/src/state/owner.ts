import { readFileSync } from "node:fs";

export interface Owner {
  readonly pid: number;
  /** Start of the process in clock ticks since boot; 0 where the system does not tell. */
  readonly startTicks: number;
}

/** Field 22 of /proc/PID/stat; undefined when there is no such process, 0 when unknown. */
export function processStart(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : Number(fields[19] ?? 0);
  } catch (cause) {
    return signalCheck(pid, cause);
  }
}

/** Whether the process that wrote `owner` still runs: a reused pid has another start time. */
export function isAlive(owner: Owner): boolean {
  const start = processStart(owner.pid);
  if (start === undefined) return false;
  return start === 0 || owner.startTicks === 0 || start === owner.startTicks;
}

/** Where /proc does not exist, signal 0 tells whether the pid is taken. */
function signalCheck(pid: number, cause: unknown): number | undefined {
  if (process.platform === "linux") return undefined;
  try {
    process.kill(pid, 0);
    return 0;
  } catch (denied) {
    if (denied instanceof Error && "code" in denied) return denied.code === "EPERM" ? 0 : undefined;
    throw new Error("process check failed", { cause });
  }
}
