import { readFields } from "./fields.ts";
import { importBudgets } from "./import-budgets.ts";
import type { Import, ImportOptions, ReadSection } from "./import-context.ts";
import { importCompliance, importMonitoring, importValidation } from "./import-monitoring.ts";
import { importServices } from "./import-services.ts";
import { importTargets } from "./import-targets.ts";
import { refuseTwins, type SloResult } from "./read-document.ts";
import { defaultIntervals } from "./model.ts";

/** Sections in the order they are read: budgets need the objectives before them. */
const sections: Readonly<Record<string, ReadSection>> = {
  slo_targets: importTargets,
  service_slos: importServices,
  error_budgets: importBudgets,
  monitoring: importMonitoring,
  validation: importValidation,
  compliance: importCompliance,
};
const heads = ["version", "name", "description"];

/** Keys of which one tells that a file has this shape. */
export const importMarks: readonly string[] = ["slo_targets", "service_slos"];

/** Reads a file of service level definitions as people write them; all problems at once. */
export function importSlos(value: unknown, options: ImportOptions): SloResult {
  const i: Import = {
    options,
    problems: [],
    slos: [],
    claims: [],
    receivers: [],
    escalation: [],
    intervals: defaultIntervals,
  };
  const fields = readFields(i, value, "", [...heads, ...Object.keys(sections)]);
  for (const [key, read] of Object.entries(sections)) {
    if (fields?.[key] !== undefined) read(i, fields[key], key, fields);
  }
  refuseTwins(i, i.slos);
  if (i.problems.length > 0) return { ok: false, problems: i.problems };
  const { receivers, intervals, claims, escalation, profile } = i;
  const slos = i.slos.map((slo) => ({ ...slo, escalation }));
  const document = { slos, receivers, intervals, claims };
  return { ok: true, document: profile === undefined ? document : { ...document, profile } };
}
