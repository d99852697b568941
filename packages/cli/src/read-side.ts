import {
  type DiffSide,
  type EvidenceRecord,
  readPlan,
  readRecord,
  readVerdict,
} from "@loadline/contract";
import { readBundle } from "@loadline/validator";
import { cliErrors } from "./errors.ts";

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw cliErrors.make("LL_CLI_BUNDLE", `${where} is not JSON.`, { cause });
  }
}

/** Plan, records and verdict of a stored run. @throws LL_CLI_BUNDLE, LL_BUNDLE_READ */
export async function readSide(path: string): Promise<DiffSide> {
  const files = await readBundle(path);
  const text = (name: string): string => {
    const bytes = files.get(name);
    if (bytes !== undefined) return new TextDecoder().decode(bytes);
    throw cliErrors.make("LL_CLI_BUNDLE", `${path}: ${name} is missing.`);
  };
  const json = (name: string): unknown => parse(text(name), `${path}: ${name}`);
  const plan = readPlan(json("plan.json"));
  const verdict = readVerdict(json("verdict.json"));
  const records: EvidenceRecord[] = [];
  for (const [index, line] of text("evidence.jsonl").split("\n").entries()) {
    const where = `${path}: line ${index + 1} of evidence.jsonl`;
    const record = line === "" ? null : readRecord(parse(line, where));
    if (record !== null) records.push(record);
  }
  if (plan === null || verdict === null) {
    throw cliErrors.make("LL_CLI_BUNDLE", `${path}: plan.json or verdict.json is damaged.`);
  }
  return { plan, records, verdict };
}
