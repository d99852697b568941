/**
 * k6 and Locust: their results read as counts with both bounds, their scripts driven, our plans
 * exported to them.
 *
 * ```ts
 * const run = readForeign([{ name: "summary.json", text }]);
 * const slow = slowSample(run, "http_req_duration", 500); // { n, sure, possible, ... } or { missing }
 * ```
 */
export { type Driven, type DrivenTool, type DriveJob, driveTool } from "./drive.ts";
export { driveOperator } from "./drive-operator.ts";
export { absentRun, type ForeignFile, type ForeignRun } from "./foreign.ts";
export { boundClaimsOf, exportK6, type K6Export } from "./k6-export/export-k6.ts";
export { k6OperatorManifest, operatorName } from "./k6-export/k6-operator.ts";
export { type ImportPlan, noImportPlan, readImportPlan } from "./import-plan.ts";
export { readForeign } from "./read-foreign.ts";
