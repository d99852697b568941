import {
  type DiffSide,
  type EvidenceRecord,
  readPlan,
  readRecord,
  readVerdict,
} from "@loadline/contract";
import { readBundle } from "@loadline/validator";
import { cliErrors } from "./errors.ts";

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw cliErrors.make("LL_CLI_BUNDLE", "A file of the bundle is not JSON.", { cause });
  }
}

/** Plan, records and verdict of a stored run. @throws LL_CLI_BUNDLE, LL_BUNDLE_READ */
export async function readSide(path: string): Promise<DiffSide> {
  const files = await readBundle(path);
  const text = (name: string): string => new TextDecoder().decode(files.get(name));
  const plan = readPlan(parse(text("plan.json")));
  const verdict = readVerdict(parse(text("verdict.json")));
  const records: EvidenceRecord[] = [];
  for (const line of text("evidence.jsonl").split("\n")) {
    const record = line === "" ? null : readRecord(parse(line));
    if (record !== null) records.push(record);
  }
  if (plan === null || verdict === null) {
    throw cliErrors.make("LL_CLI_BUNDLE", `${path}: plan.json or verdict.json is damaged.`);
  }
  return { plan, records, verdict };
}
