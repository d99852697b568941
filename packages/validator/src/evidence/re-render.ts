import {
  buildReportModel,
  type EvidenceRecord,
  planSourceText,
  readPlan,
  readRecord,
  readVerdict,
  type ReportModel,
} from "@loadline/contract";
import { parseJson } from "@loadline/kit/json";
import { validatorErrors } from "../errors.ts";
import { renderViews } from "../run/render-views.ts";
import type { Reporter, ReporterFailure } from "../run/types.ts";
import { readBundle } from "./read-bundle.ts";

function textOf(files: ReadonlyMap<string, Uint8Array>, name: string): string {
  const bytes = files.get(name);
  if (bytes === undefined) throw validatorErrors.make("LL_BUNDLE_READ", `${name} is missing.`);
  return new TextDecoder().decode(bytes);
}

/** The report model of a bundle, from its files alone. @throws LL_BUNDLE_READ */
export function readReportModel(files: ReadonlyMap<string, Uint8Array>): ReportModel {
  const plan = readPlan(parseJson(textOf(files, "plan.json")));
  const verdict = readVerdict(parseJson(textOf(files, "verdict.json")));
  const lines = textOf(files, "evidence.jsonl")
    .split("\n")
    .filter((line) => line !== "");
  const records: EvidenceRecord[] = [];
  for (const [index, line] of lines.entries()) {
    const record = readRecord(parseJson(line));
    if (record === null) {
      throw validatorErrors.make("LL_BUNDLE_READ", `evidence.jsonl: record ${index} is damaged.`);
    }
    records.push(record);
  }
  if (plan === null || verdict === null) {
    throw validatorErrors.make("LL_BUNDLE_READ", "plan.json or verdict.json is damaged.");
  }
  return buildReportModel({ plan, planText: planSourceText(files), records, verdict });
}

/** Renders views of a bundle again, offline, beside its files or into `outDir`. */
export async function reRender(
  bundle: string,
  reporters: readonly Reporter[],
  outDir: string = bundle,
): Promise<{ files: string[]; failures: ReporterFailure[] }> {
  const model = readReportModel(await readBundle(bundle));
  const failures = renderViews(outDir, reporters, model);
  const failed = new Set(failures.map(({ id }) => id));
  const files = reporters.filter(({ id }) => !failed.has(id)).map(({ file }) => file);
  return { files, failures };
}
