import type { Claim } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";

const decided: ReadonlySet<string> = new Set(["sample.closed", "skip"]);

const nameOf = (claim: string, part: unknown): string => JSON.stringify([claim, part]);

/**
 * What a stage leaves when the bundle is full: parts that were closed or skipped stay as they are,
 * the rest is not tested.
 */
export function leaveRest(recorder: Recorder, claims: readonly Claim[], by: string): void {
  const named = recorder.records
    .filter(({ kind }) => decided.has(kind))
    .flatMap((record) => record.claims.map((id) => nameOf(id, record.data["part"])));
  const said = new Set(named);
  const sentence = `The bundle is full (LL_EVIDENCE_LIMIT), so ${by} ended before this was seen.`;
  for (const { id, parts } of claims) {
    if (said.has(nameOf(id, undefined))) continue;
    for (const part of parts.filter((one) => !said.has(nameOf(id, one)))) {
      const data = { part, reason: "over_budget", sentence };
      recorder.append({ kind: "skip", by, claims: [id], data });
    }
  }
}
