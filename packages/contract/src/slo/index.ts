/** Service level objectives: one model, and what follows from it. Pure; plain data in and out. */
export { claimsOfSlos } from "./claims.ts";
export { compileSlos, type SloOutputs } from "./compile.ts";
export type { ImportOptions, ServiceSeries } from "./import-context.ts";
export { importMarks, importSlos } from "./import-yaml.ts";
export type { Slo, SloClaim, SloDocument } from "./model.ts";
export { readOpenSlo } from "./openslo-read.ts";
export { openSloVersion, writeOpenSlo } from "./openslo-write.ts";
export { readSloDocument, type SloResult } from "./read-document.ts";
export { readSamples, type Sample } from "./selector.ts";
export { lintSlos, requiredBuckets, type SloLint, wrongObjective } from "./slo-lint.ts";
export { writeSloDocument } from "./write-document.ts";
export { budgetOf, type BudgetPoint, type BudgetState } from "./budget.ts";
export { countsOf, isHalfTold } from "./counts.ts";
export { judgeSlos, type SloVerdict } from "./judge.ts";
