import type { LintRule } from "../types.ts";
import { sumRule } from "./sum.ts";

/** Every lint rule, in the order of the report. The only registry. */
export const lintRules: readonly LintRule[] = [sumRule];
