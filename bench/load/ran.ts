/** One run of the load engine by a bench, and what it came to. */
import { systemClock } from "@loadline/kit/clock";
import {
  type LoadLimit,
  type LoadPlan,
  type LoadRecord,
  runLoad,
} from "../../packages/validator/src/load/index.ts";
import { round } from "../figures.ts";
import type { Goal } from "../result.ts";

const clock = systemClock();

export interface Ran {
  readonly records: readonly LoadRecord[];
  /** Most requests under way at a frame. */
  readonly inFlightMax: number;
  readonly ok: number;
  readonly bad: Readonly<Record<string, number>>;
  /** Guards that broke, with what they saw. */
  readonly broken: readonly string[];
  /** Cores that all threads of this process used, from the start of the run to its end. */
  readonly cores: number;
  readonly rssMegabytes: number;
}

/** Runs a plan to its end. */
export async function ran(plan: Omit<LoadPlan, "seed">): Promise<Ran> {
  const records: LoadRecord[] = [];
  let [inFlightMax, rss, ok] = [0, 0, 0];
  let bad: Record<string, number> = {};
  const startMs = clock.monotonicMs();
  const before = process.cpuUsage();
  for await (const record of runLoad({ seed: 7, ...plan }, { clock })) {
    if (record.type === "frame") {
      inFlightMax = Math.max(inFlightMax, record.frame.inFlight);
      rss = Math.max(rss, process.memoryUsage.rss());
    } else if (record.type !== "load.slice" && record.type !== "look") records.push(record);
    if (record.type !== "load.ended") continue;
    ok = record.accounts.reduce((sum, one) => sum + one.ok, 0);
    for (const [name, count] of record.accounts.flatMap((one) => Object.entries(one.bad)))
      bad = { ...bad, [name]: (bad[name] ?? 0) + count };
  }
  const { user, system } = process.cpuUsage(before);
  const cores = (user + system) / 1000 / (clock.monotonicMs() - startMs);
  const broken = records.flatMap((one) =>
    one.type === "guard" && !one.guard.holds ? [`${one.guard.guard}: ${one.guard.seen}`] : [],
  );
  return { records, inFlightMax, ok, bad, broken, cores, rssMegabytes: rss / 1e6 };
}

const sum = (all: Readonly<Record<string, number>>): number =>
  Object.values(all).reduce((total, one) => total + one, 0);
/** A limit that nothing in a bench is over: what it counts is wanted. */
export const claimed = (scenario: string, rest: Partial<LoadLimit>): LoadLimit => ({
  scenario,
  metric: "response_time",
  limitMs: 60_000,
  claim: scenario,
  stream: `load.${scenario}`,
  part: "all",
  ...rest,
});

type Row = Readonly<Record<string, unknown>>;

/** A row of the result and what it is held to. */
export interface Leg {
  readonly row: Row;
  readonly goals: readonly Goal[];
}

/** What every leg tells, beside its own. */
export function rowOf(name: string, one: Ran, rest: Row): Row {
  const { ok, bad, broken, cores, rssMegabytes } = one;
  for (const text of broken) process.stdout.write(`guard broken (${name}): ${text}\n`);
  const rss = { rssMegabytes: round(rssMegabytes, 0) };
  return {
    leg: name,
    ...rest,
    ok,
    bad: sum(bad),
    guardsBroken: broken.length,
    cores: round(cores, 2),
    ...rss,
  };
}
