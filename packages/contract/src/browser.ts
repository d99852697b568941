/** Everything a report page needs to recompute a verdict; no schema library is reached from here. */
export * from "./claim.ts";
export * from "./errors.ts";
export * from "./evidence/canonical-json.ts";
export * from "./evidence/chain.ts";
export * from "./evidence/digest.ts";
export * from "./evidence/record.ts";
export * from "./figure.ts";
export * from "./fold.ts";
export { joinVerdicts, worstVerdict } from "./fold/join.ts";
export * from "./plan/run-plan.ts";
export * from "./report-model.ts";
export * from "./statistics/binomial.ts";
export * from "./statistics/bounds.ts";
export * from "./statistics/dispersion.ts";
export * from "./statistics/sampling.ts";
export * from "./verdict.ts";
