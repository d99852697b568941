/** How many times as much two workers do as one: what rounds say of it. */
import { pairedRatio } from "./measure.ts";
import { median, round } from "../figures.ts";

/** A row of the table. */
export type ScalingRow = Readonly<Record<string, string | number>>;

/** One round of a subject. */
export interface ScalingRound {
  /** Requests answered in a second. */
  readonly perSecond: number;
  /** CPU time of all its processes per request. */
  readonly micros: number;
  /** The part of it that the one process spends which its workers share; 0 without workers. */
  readonly sharedMicros: number;
  /** The busier share of the cores that drive and answer it, 0..1. */
  readonly drivingShare: number;
}

/** Two workers, what drives them, and what answers them and keeps their limits. */
export const coresNeeded = 4;
/** What drives or answers is not to be what bounds them. */
const drivingShareMax = 0.7;

/**
 * A row for two workers beside one, round by round and then the median. `timesOne` is told of cores
 * that are free alone; `timesOneByCpu` is what their CPU time per request would allow: cores share
 * caches and memory, too.
 */
export function scalingRow(
  subject: string,
  rounds: { readonly one: readonly ScalingRound[]; readonly two: readonly ScalingRound[] },
  cores: number,
): ScalingRow {
  const { one, two } = rounds;
  const microsOf = (all: readonly ScalingRound[]): number[] => all.map(({ micros }) => micros);
  const perSecondOf = (all: readonly ScalingRound[]): number[] =>
    all.map(({ perSecond }) => perSecond);
  const row = {
    subject,
    microsPerRequest: round(median(microsOf(two))),
    supervisorMicros: round(median(two.map(({ sharedMicros }) => sharedMicros))),
    timesOneByCpu: round(2 * pairedRatio(microsOf(one), microsOf(two)).ratio, 2),
  };
  const why = whyNotTested(two, cores);
  if (why !== "") return { ...row, notTested: why };
  return { ...row, timesOne: round(pairedRatio(perSecondOf(two), perSecondOf(one)).ratio, 2) };
}

/** A row for one worker. */
export function singleRow(subject: string, rounds: readonly ScalingRound[]): ScalingRow {
  return { subject, microsPerRequest: round(median(rounds.map(({ micros }) => micros))) };
}

function whyNotTested(two: readonly ScalingRound[], cores: number): string {
  if (cores < coresNeeded) return `needs ${coresNeeded} cores, here are ${cores}`;
  const share = median(two.map(({ drivingShare }) => drivingShare));
  if (!(share > drivingShareMax)) return "";
  return `what drives and answers them was busy for ${Math.round(share * 100)} % of the time`;
}
