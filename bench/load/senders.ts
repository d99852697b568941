import { systemClock } from "@loadline/kit/clock";
import {
  type LoadPlan,
  type LoadRecord,
  runLoad,
  type Scenario,
} from "../../packages/validator/src/load/index.ts";
import { connections } from "./plans.ts";

/** Until a sender's code is compiled: each has to do it for itself. */
const warmMs = 3000;

interface Terms {
  readonly workers: number;
  /** Arrivals per second; without one as many users as there are connections, each without a pause. */
  readonly rate?: number;
  readonly durationMs: number;
}

/** A run with senders in threads of their own; the target is another process. */
function run(baseUrl: string, { workers, rate, durationMs }: Terms): AsyncIterable<LoadRecord> {
  const request = { kind: "http", method: "GET", path: "/" } as const;
  const s: Scenario =
    rate === undefined
      ? { executor: "constant-vus", vus: connections, durationMs, request }
      : { executor: "constant-arrival-rate", rate, durationMs, arrivals: "poisson", request };
  const plan: LoadPlan = { target: { baseUrl }, seed: 7, scenarios: { s }, limits: [], workers };
  return runLoad(plan, { clock: systemClock() });
}

/** What the generator itself adds to arrivals of an open loop. */
export interface Lag {
  /** Median and p99 of released after intended, in ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly dropped: number;
}

export async function lagOf(baseUrl: string, o: Terms): Promise<Lag> {
  let lag: readonly (readonly [number, number])[] = [];
  let dropped = 0;
  for await (const record of run(baseUrl, o)) {
    if (record.type === "waits") lag = record.waits.pacerLag;
    if (record.type === "load.ended") dropped = record.accounts[0]?.bad["dropped"] ?? 0;
  }
  const at = (wanted: number): number => lag.find(([q]) => q === wanted)?.[1] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99), dropped };
}

/**
 * us of CPU of this process, all threads, per request that was answered: between two looks at a run
 * under way, so that neither starting threads nor compiling their code is in it.
 */
export async function sendersCost(baseUrl: string, o: Terms): Promise<number> {
  const looks: { readonly ok: number; readonly cpuUs: number }[] = [];
  for await (const record of run(baseUrl, { ...o, durationMs: warmMs + o.durationMs })) {
    if (record.type !== "frame") continue;
    const { elapsedMs, leftMs, ok } = record.frame;
    if (elapsedMs < warmMs || leftMs <= 0) continue;
    const { user, system } = process.cpuUsage();
    looks.push({ ok, cpuUs: user + system });
  }
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined || last.ok === first.ok) {
    throw new Error("a run too short to be looked at twice");
  }
  return (last.cpuUs - first.cpuUs) / (last.ok - first.ok);
}
