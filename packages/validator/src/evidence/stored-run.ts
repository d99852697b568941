import {
  type EvidenceRecord,
  readPlan,
  readRecord,
  readVerdict,
  type RunPlan,
  type VerdictDocument,
} from "@loadline/contract";
import { parseJson } from "@loadline/kit/json";
import { validatorErrors } from "../errors.ts";

/** What a bundle says of its run; not verified. */
export interface StoredRun {
  readonly plan: RunPlan;
  readonly verdict: VerdictDocument;
  readonly records: readonly EvidenceRecord[];
}

/** Plan, records and verdict of a bundle; `path` names it in errors. @throws LL_BUNDLE_READ */
export function readStoredRun(files: ReadonlyMap<string, Uint8Array>, path?: string): StoredRun {
  const refuse = (why: string): Error => {
    const where = path === undefined ? "" : `${path}: `;
    return validatorErrors.make("LL_BUNDLE_READ", `${where}${why}.`);
  };
  const text = (name: string): string => {
    const bytes = files.get(name);
    if (bytes === undefined) throw refuse(`${name} is missing`);
    return new TextDecoder().decode(bytes);
  };
  const plan = readPlan(parseJson(text("plan.json")));
  if (plan === null) throw refuse("plan.json is damaged");
  const verdict = readVerdict(parseJson(text("verdict.json")));
  if (verdict === null) throw refuse("verdict.json is damaged");
  const lines = text("evidence.jsonl").split("\n");
  const records = lines.flatMap((line, index) => {
    if (line === "") return [];
    const record = readRecord(parseJson(line));
    if (record === null) throw refuse(`record ${index} of evidence.jsonl is damaged`);
    return [record];
  });
  // A run that has a verdict recorded its start and its end.
  if (records.length === 0) throw refuse("evidence.jsonl holds no record");
  return { plan, verdict, records };
}
