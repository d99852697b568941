import type { ReportModel } from "@loadline/contract";
import { writeWhole } from "../evidence/run-directory.ts";
import type { Reporter, ReporterFailure } from "./types.ts";

/** Renders every view; one that throws is reported and leaves the others and the verdict alone. */
export function renderViews(
  runDir: string,
  reporters: readonly Reporter[],
  model: ReportModel,
): ReporterFailure[] {
  const failures: ReporterFailure[] = [];
  for (const reporter of reporters) {
    try {
      writeWhole(runDir, reporter.file, reporter.render(model));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failures.push({ id: reporter.id, message });
    }
  }
  return failures;
}
