import { buildReportModel, planSourceText, type ReportModel } from "@loadline/contract";
import { renderViews } from "../run/render-views.ts";
import type { Reporter, ReporterFailure } from "../run/types.ts";
import { readBundle } from "./read-bundle.ts";
import { readStoredRun } from "./stored-run.ts";

/** The report model of a bundle, from its files alone. @throws LL_BUNDLE_READ */
export function readReportModel(files: ReadonlyMap<string, Uint8Array>): ReportModel {
  return buildReportModel({ planText: planSourceText(files), ...readStoredRun(files) });
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
