import { z } from "zod";
import { loadErrors } from "../errors.ts";
import { ageMs } from "../../plan/age.ts";
import { parseYaml } from "../../plan/yaml-problems.ts";
import { isModulePlan } from "../plan/read-load-file.ts";
import type { ForeignThresholdSpec } from "./foreign-claims.ts";

const oneThreshold = z.union([
  z.string().min(1),
  z.looseObject({
    threshold: z.string().min(1),
    id: z.string().optional(),
    required: z.boolean().optional(),
  }),
]);
const thresholds = z.record(z.string(), z.union([oneThreshold, z.array(oneThreshold)]));

/** What an import reads of a plan: a whole load plan, or these keys alone. */
const schema = z.looseObject({
  accept: z.literal("imported").optional().describe("lets another tool's results count"),
  confidence: z.number().min(0.9).max(0.999).optional().describe("one-sided, default 0.95"),
  maxAge: ageMs.optional().describe('oldest results that count, default "24 h"'),
  thresholds: thresholds.optional().describe("expressions by metric, as in k6"),
  load: z.looseObject({ thresholds: thresholds.optional() }).optional(),
});

export interface ImportPlan {
  readonly accepts: boolean;
  readonly confidence: number;
  /** Older results are stale, ms; absent: 24 h. */
  readonly maxAgeMs?: number;
  readonly thresholds: readonly ForeignThresholdSpec[];
}

const confidenceDefault = 0.95;

/**
 * Reads `accept`, `confidence`, `maxAge` and the thresholds of a plan in YAML. @throws
 * LL_LOAD_PLAN_INVALID
 */
export function readImportPlan(path: string, text: string): ImportPlan {
  if (isModulePlan(path)) {
    const why = "a module has no place for `accept`: results are imported by a plan in YAML";
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", `${path}: ${why}.`);
  }
  const parsed = parseYaml(text, schema);
  if (!parsed.ok) {
    const lines = parsed.problems.map(
      (p) => `${p.path || "plan"}: ${p.message} (${path}:${p.line})`,
    );
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", lines.join("\n"));
  }
  const { accept, confidence, load, maxAge } = parsed.data;
  const given = { ...load?.thresholds, ...parsed.data.thresholds };
  return {
    accepts: accept === "imported",
    confidence: confidence ?? confidenceDefault,
    ...(maxAge !== undefined && { maxAgeMs: maxAge }),
    thresholds: Object.entries(given).flatMap(([selector, list]) =>
      [list].flat().map((one) => specOf(selector, one)),
    ),
  };
}

/** What an import does without a plan: nothing foreign counts. */
export const noImportPlan: ImportPlan = {
  accepts: false,
  confidence: confidenceDefault,
  thresholds: [],
};

function specOf(selector: string, one: z.infer<typeof oneThreshold>): ForeignThresholdSpec {
  if (typeof one === "string") return { selector, threshold: one };
  const { threshold, id, required } = one;
  return {
    selector,
    threshold,
    ...(id !== undefined && { id }),
    ...(required !== undefined && { required }),
  };
}
