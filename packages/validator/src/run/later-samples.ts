import type { EvidenceRecord } from "@loadline/contract";
import type { KeptSample } from "../load/record/later-limit.ts";
import { isRecord } from "../probes/shapes.ts";

/** Ways to be bad that follow from a limit; all others are bad whatever it is. */
const byValue: ReadonlySet<string> = new Set([
  "over_limit",
  "under_limit",
  "missing_metric",
  "answered",
]);

/** Metrics whose samples are not every request, or hold no failures. */
const apart: ReadonlySet<unknown> = new Set([
  "figure",
  "iteration_duration",
  "retry_after",
  "data_sent",
  "data_received",
]);

/** A part of a sample of every request of a scenario; null for any other record. */
function wholeTally({ kind, data }: EvidenceRecord) {
  const { series, metric, n, badBy, stream } = data;
  if (kind !== "sample.tally" || typeof series !== "string" || typeof n !== "number") return null;
  // A series with a slash is of a step.
  if (series.includes("/") || apart.has(metric) || !isRecord(badBy)) return null;
  const hard = Object.entries(badBy).flatMap(([reason, count]) =>
    byValue.has(reason) ? [] : [[reason, Number(count)] as const],
  );
  const hardBad = hard.reduce((all, [, count]) => all + count, 0);
  return { scenario: series, n, hardBad, badBy: hard, stream: String(stream) };
}

/** Claims whose samples are whole: closed, and not by an early stop. */
function wholeClaims(records: readonly EvidenceRecord[]): ReadonlySet<string> {
  const closed = records.filter(({ kind }) => kind === "sample.closed");
  const whole = new Set(closed.flatMap(({ claims }) => claims));
  for (const { data } of records)
    if (isRecord(data["stop"])) whole.delete(String(data["stop"]["claim"]));
  return whole;
}

/** What a run counted of every request of a scenario. */
export interface WholeSample extends Omit<KeptSample, "buckets"> {
  readonly isWhole: boolean;
  /** Of `hardBad`, by outcome. */
  readonly badBy: Readonly<Record<string, number>>;
  /** Of its claims. */
  readonly streams: ReadonlySet<string>;
}

export const noSample: WholeSample = {
  n: 0,
  hardBad: 0,
  isWhole: false,
  badBy: {},
  streams: new Set(),
};

interface OfClaim extends WholeSample {
  readonly scenario: string;
}

/** The parts of each claim's sample of a scenario as one. */
function samplesByClaim(records: readonly EvidenceRecord[]): readonly OfClaim[] {
  const wholes = wholeClaims(records);
  const byClaim = new Map<string, OfClaim>();
  for (const record of records) {
    const tally = wholeTally(record);
    if (tally === null) continue;
    const { scenario, n, hardBad, stream } = tally;
    const [claim = ""] = record.claims;
    const key = `${claim}\n${scenario}`;
    const sum = byClaim.get(key) ?? noSample;
    const badBy = { ...sum.badBy };
    for (const [reason, count] of tally.badBy) badBy[reason] = (badBy[reason] ?? 0) + count;
    byClaim.set(key, {
      scenario,
      n: sum.n + n,
      hardBad: sum.hardBad + hardBad,
      isWhole: wholes.has(claim),
      badBy,
      streams: new Set([...sum.streams, stream]),
    });
  }
  return [...byClaim.values()];
}

/** What every scenario had due in its measured phase, from the claim that counted most of it. */
export function samplesOf(records: readonly EvidenceRecord[]): ReadonlyMap<string, WholeSample> {
  const samples = new Map<string, WholeSample>();
  for (const { scenario, ...sample } of samplesByClaim(records)) {
    const best = samples.get(scenario);
    // A claim turned round counts the good: of equal ones the failures are the other's.
    const isMore =
      best === undefined ||
      sample.n > best.n ||
      (sample.n === best.n && sample.hardBad > best.hardBad);
    const isWhole = sample.isWhole && best?.isWhole !== false;
    const streams = new Set([...sample.streams, ...(best?.streams ?? [])]);
    samples.set(scenario, { ...(isMore ? sample : best), isWhole, streams });
  }
  return samples;
}
