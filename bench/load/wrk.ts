import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { connections } from "./plans.ts";

const run = promisify(execFile);

/** One thread of wrk: us of CPU of its process per request; null where wrk cannot be started. */
export async function wrkCost(url: string, durationMs: number): Promise<number | null> {
  const seconds = Math.max(1, Math.round(durationMs / 1000));
  const wrk = `wrk -t1 -c${connections} -d${seconds}s '${url}'`;
  return await commandCost(wrk, /(\d+) requests in/);
}

/** us of CPU of a command per request it says it made; null where it cannot be started. */
export async function commandCost(command: string, requests: RegExp): Promise<number | null> {
  // The shell's own clock of its children: user and system seconds with three digits.
  const script = `TIMEFORMAT='cpu %U %S'; time ${command}`;
  const said = await run("bash", ["-c", script]).catch(() => null);
  if (said === null) return null;
  const made = Number(requests.exec(said.stdout)?.[1] ?? Number.NaN);
  const [, user, system] = /cpu ([\d.]+) ([\d.]+)/.exec(said.stderr) ?? [];
  const micros = (Number(user) + Number(system)) * 1e6;
  return Number.isFinite(micros / made) ? micros / made : null;
}
