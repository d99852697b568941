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
export { absentRun, type ForeignFile, type ForeignRun } from "./foreign.ts";
export { type ImportPlan, noImportPlan, readImportPlan } from "./import-plan.ts";
export { readForeign } from "./read-foreign.ts";
