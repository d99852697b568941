/** What is promised and what counts as proof: pure functions over plain data. */
export * from "./browser.ts";
export * from "./plan/parse-plan.ts";
export { claimSchema, planSchema } from "./plan/plan-schema.ts";
export type { ClaimInput } from "./plan/plan-schema.ts";
export { readClaims } from "./plan/read-claims.ts";
export type { ClaimStream } from "./plan/read-claims.ts";
export * from "./plan/units.ts";
export { evidenceRecordSchema } from "./schemas/record-schema.ts";
export { verdictDocumentSchema } from "./schemas/verdict-schema.ts";
export { waiverFileSchema } from "./schemas/waiver-schema.ts";
export * from "./sabotage/false-verdicts.ts";
export * from "./sabotage/mini-run.ts";
export * from "./slo/index.ts";
