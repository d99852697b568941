/** CPU per request of several subjects in one interleaved run. */
import { drive } from "./drive.ts";
import { median, sample, type Subject } from "./subject.ts";

export interface MeasureOptions {
  readonly rounds: number;
  readonly requestsPerRound: number;
  /** Full load before anything counts: cold code costs many times more. */
  readonly warmRequests: number;
}

/** Median microseconds of all threads, in the order of the subjects; the order of rounds is turned. */
export async function cpuPerRequest(
  subjects: readonly Subject[],
  o: MeasureOptions,
): Promise<number[]> {
  for (const subject of subjects) await drive(subject, o.warmRequests);
  const micros = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  for (let i = 0; i < o.rounds; i++) {
    for (const subject of i % 2 === 0 ? subjects : subjects.toReversed()) {
      const before = await sample(subject);
      await drive(subject, o.requestsPerRound);
      const after = await sample(subject);
      micros.get(subject)?.push((after.cpuMicros - before.cpuMicros) / o.requestsPerRound);
    }
  }
  return subjects.map((subject) => median(micros.get(subject) ?? []));
}
