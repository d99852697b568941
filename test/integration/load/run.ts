import type { SampleTally } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { runLoad } from "../../../packages/validator/src/load/index.ts";
import type {
  LoadAccount,
  LoadDeps,
  LoadLimit,
  LoadPlan,
  LoadRecord,
  Scenario,
} from "../../../packages/validator/src/load/index.ts";

export const get = { kind: "http", method: "GET", path: "/" } as const;

/** A limit that is there for its figures: far above all that is seen. */
export function limitOf(of: Partial<LoadLimit>): LoadLimit {
  const base = {
    scenario: "s",
    metric: "response_time",
    limitMs: 60_000,
    quantile: 0.99,
    claim: "c",
    stream: "load.c",
    part: "all",
  } as const;
  return { ...base, ...of };
}

export interface LoadRun {
  readonly records: readonly LoadRecord[];
  readonly tallies: readonly SampleTally[];
  readonly account: LoadAccount;
}

/** Runs one scenario called `s` and collects what the engine said. */
export async function runScenario(
  o: {
    readonly baseUrl: string;
    readonly scenario: Scenario;
    readonly limits: readonly LoadLimit[];
  },
  plan: Partial<LoadPlan> = {},
  deps: Partial<LoadDeps> = {},
): Promise<LoadRun> {
  const records: LoadRecord[] = [];
  const whole: LoadPlan = {
    target: { baseUrl: o.baseUrl },
    seed: 7,
    scenarios: { s: o.scenario },
    limits: o.limits,
    ...plan,
  };
  for await (const record of runLoad(whole, { clock: systemClock(), ...deps }))
    records.push(record);
  const ended = records.at(-1);
  const account = ended?.type === "load.ended" ? ended.accounts[0] : undefined;
  if (account === undefined) throw new Error("no load.ended at the end");
  const tallies = records.flatMap((r) => (r.type === "sample.tally" ? [r.tally] : []));
  return { records, tallies, account };
}

/** Guards that were broken. */
export function brokenGuards({ records }: LoadRun): string[] {
  return records.flatMap((r) => (r.type === "guard" && !r.guard.holds ? [r.guard.guard] : []));
}

/** Highest CPU pressure of a run in per cent, from the guard's own words; 100 when it is unknown. */
export function pressurePercent({ records }: LoadRun): number {
  const said = records.flatMap((r) =>
    r.type === "guard" && r.guard.guard === "guard.load.pressure" ? [r.guard.seen] : [],
  );
  return Number(/reached (\d+(?:\.\d+)?) %/.exec(said[0] ?? "")?.[1] ?? 100);
}
