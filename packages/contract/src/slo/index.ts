/** Service level objectives: one model, and what follows from it. Pure; plain data in and out. */
export { burnAlerts, detectionMs, firstAlertMs } from "./burn-rate.ts";
export { claimsOfSlos } from "./claims.ts";
export type { Slo, SloClaim, SloDocument } from "./model.ts";
