export { partsEnvironment } from "./environment.ts";
export type { Found, Missing, Part, PartsEnvironment, RunResult } from "./part.ts";
export { isFound } from "./part.ts";
export { type RequireOptions, type RequiredParts, requireParts } from "./require-parts.ts";
export { parts, probePart } from "./table.ts";
