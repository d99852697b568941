/** CPU per request of several subjects in one interleaved run. */
import { drive } from "./drive.ts";
import { quantile } from "../figures.ts";
import { sample, type Subject } from "./subject.ts";

export interface MeasureOptions {
  readonly rounds: number;
  readonly requestsPerRound: number;
  /** Full load before anything counts: cold code costs many times more. */
  readonly warmRequests: number;
}

/** Microseconds per request of all threads of a subject, for one round. */
export async function cpuRound(subject: Subject, requests: number): Promise<number> {
  const before = await sample(subject);
  await drive(subject, requests);
  const after = await sample(subject);
  return (after.cpuMicros - before.cpuMicros) / requests;
}

/** Of each subject its rounds, in the order of the subjects; the order within a round is turned. */
export async function cpuRounds(
  subjects: readonly Subject[],
  o: MeasureOptions,
): Promise<readonly (readonly number[])[]> {
  for (const subject of subjects) await drive(subject, o.warmRequests);
  const micros = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  for (let i = 0; i < o.rounds; i++) {
    for (const subject of i % 2 === 0 ? subjects : subjects.toReversed())
      micros.get(subject)?.push(await cpuRound(subject, o.requestsPerRound));
  }
  return subjects.map((subject) => micros.get(subject) ?? []);
}

export interface PairedRatio {
  /** Median over the rounds. */
  readonly ratio: number;
  /** Quartiles: half of the rounds lie between them. */
  readonly lowRatio: number;
  readonly highRatio: number;
}

/**
 * `base` / `own`, round by round: neighbours of a shared machine slow both of a round, so the
 * ratios of rounds vary less than the ratio of two medians does.
 */
export function pairedRatio(base: readonly number[], own: readonly number[]): PairedRatio {
  const ratios = own.map((micros, i) => (base[i] ?? Number.NaN) / micros);
  const [lowRatio = Number.NaN, ratio = Number.NaN, highRatio = Number.NaN] = [0.25, 0.5, 0.75].map(
    (q) => quantile(ratios, q),
  );
  return { ratio, lowRatio, highRatio };
}

/** A row of a table; the base's own is 1. */
export function ratioRow(
  subject: string,
  base: readonly number[],
  own: readonly number[],
): Readonly<Record<string, string | number>> {
  const { ratio, lowRatio, highRatio } = pairedRatio(base, own);
  const places = ratio < 0.1 ? 4 : 3;
  const rounded = (value: number): number => Math.round(value * 10 ** places) / 10 ** places;
  return {
    subject,
    microsPerRequest: Math.round(quantile(own, 0.5) * 10) / 10,
    ratio: rounded(ratio),
    lowRatio: rounded(lowRatio),
    highRatio: rounded(highRatio),
  };
}
