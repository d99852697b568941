import { systemClock } from "@loadline/kit/clock";
import { type LoadPlan, runLoad } from "../../packages/validator/src/load/index.ts";

const ratePerSecond = 5000;

/** What the generator itself adds at 5,000 arrivals per second, and what they cost. */
export interface OpenLoop {
  /** Median and p99 of released after intended, in ms. */
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  readonly dropped: number;
  readonly ok: number;
  /** us of CPU of this process, all threads, their start included. */
  readonly cpuUs: number;
}

/** An open loop with senders in threads of their own; the target is another process. */
export async function openLoop(
  baseUrl: string,
  o: { workers: number; durationMs: number; rate?: number },
): Promise<OpenLoop> {
  const plan: LoadPlan = {
    target: { baseUrl },
    seed: 7,
    scenarios: {
      s: {
        executor: "constant-arrival-rate",
        rate: o.rate ?? ratePerSecond,
        durationMs: o.durationMs,
        arrivals: "poisson",
        request: { kind: "http", method: "GET", path: "/" },
      },
    },
    limits: [],
    workers: o.workers,
  };
  const before = process.cpuUsage();
  let lag: readonly (readonly [number, number])[] = [];
  let ok = 0;
  let dropped = 0;
  for await (const record of runLoad(plan, { clock: systemClock() })) {
    if (record.type === "waits") lag = record.waits.pacerLag;
    if (record.type !== "load.ended") continue;
    ok = record.accounts[0]?.ok ?? 0;
    dropped = record.accounts[0]?.bad["dropped"] ?? 0;
  }
  const { user, system } = process.cpuUsage(before);
  const at = (wanted: number): number => lag.find(([q]) => q === wanted)?.[1] ?? Number.NaN;
  return { lagP50Ms: at(0.5), lagP99Ms: at(0.99), dropped, ok, cpuUs: user + system };
}

/** us of CPU per request without the start of threads: by the difference of two lengths. */
export async function openLoopCost(
  baseUrl: string,
  o: { workers: number; durationMs: number; rate: number },
): Promise<number> {
  const short = await openLoop(baseUrl, { ...o, durationMs: o.durationMs / 4 });
  const long = await openLoop(baseUrl, { ...o, durationMs: (o.durationMs * 5) / 4 });
  return (long.cpuUs - short.cpuUs) / Math.max(1, long.ok - short.ok);
}
