/** The steps of the ladder: what each switches on, and the share of the relay's CPU that it may cost. */
import { median, round } from "../figures.ts";
import { allLimits } from "./subject.ts";

export interface Step {
  readonly name: string;
  /** What it may cost beyond the step before it, in percent of the relay's CPU per request. */
  readonly budget: number;
  /** Absent: both halves of HTTP/1.1 with nothing between them. */
  readonly gateway?: {
    readonly config: object;
    /** Stages that do nothing yet. */
    readonly emptied: readonly string[];
  };
}

const silent = { log: { level: "silent" } };
const open = { ...silent, auth: { required: false } };
const closed = { ...silent, ...allLimits };

/** The budgets of a plain chat behind the own front; with 2 % to spare they are 1 / 1.2 of the relay. */
export const steps: readonly Step[] = [
  { name: "both halves of HTTP/1.1", budget: 54 },
  {
    name: "+ id, trace, timers, scan, route, breaker, headers, splice, usage tap",
    budget: 1.5 + 5 + 1.5 + 6,
    gateway: { config: open, emptied: ["reserve", "settle", "meter", "audit", "metrics"] },
  },
  {
    name: "+ settle, meter, audit",
    budget: 5,
    gateway: { config: open, emptied: ["reserve", "metrics"] },
  },
  { name: "+ metrics", budget: 2, gateway: { config: open, emptied: ["reserve"] } },
  { name: "+ authenticate", budget: 1.5, gateway: { config: silent, emptied: ["reserve"] } },
  {
    name: "+ authorize, reserve: limits on key, tenant, model, all",
    budget: 2.5,
    gateway: { config: closed, emptied: [] },
  },
  { name: "+ access log", budget: 2, gateway: { config: allLimits, emptied: [] } },
];

/**
 * Of each step what it spends beyond the one before it, in percent of the relay, round by round and
 * then their median: neighbours of a shared machine slow both of a round.
 */
export function sharesOf(
  relay: readonly number[],
  steps: readonly (readonly number[])[],
): readonly number[] {
  return steps.map((spent, i) => {
    const before = steps[i - 1];
    const shares = spent.map((micros, at) => {
      const beforeMicros = i === 0 ? 0 : (before?.[at] ?? Number.NaN);
      return (100 * (micros - beforeMicros)) / (relay[at] ?? Number.NaN);
    });
    return round(median(shares));
  });
}
