import { readFileSync } from "node:fs";
import {
  claimCategories,
  type Gate,
  parseGates,
  type Problem,
  scoreGroups,
} from "@loadline/contract";
import { z } from "zod";
import { validatorErrors } from "../errors.ts";
import { parseYaml } from "./yaml-problems.ts";

const ratio = z.union([z.number(), z.string()]);

/** One gate as a plan may write it; `parseGates` judges the ratios. */
export const gateSchema = z.strictObject({
  id: z.string().min(1).describe("name in the verdict"),
  category: z.enum(claimCategories).optional().describe("counts the claims of a category"),
  group: z.enum(scoreGroups).optional().describe("counts the claims of a group"),
  claims: z.array(z.string()).min(1).optional().describe("counts these claims; default all"),
  minScore: ratio.describe('least passed / required, 0..1 or "95 %"'),
  minCoverage: ratio.optional().describe('least decided / required, default "100 %"'),
});

/** Gates that stand in the plan itself; those of a file are read beside it. */
export function gatesOfPlan(given: unknown): {
  readonly gates: readonly Gate[] | undefined;
  readonly problems: readonly Problem[];
} {
  if (!Array.isArray(given)) return { gates: undefined, problems: [] };
  const parsed = parseGates({ gates: given });
  return parsed.ok
    ? { gates: parsed.gates, problems: [] }
    : { gates: undefined, problems: parsed.problems };
}

function refuse(message: string, cause?: unknown): Error {
  return validatorErrors.make("LL_GATE_FILE", message, { cause });
}

/** Reads a gate file: every problem at once, each with its line. @throws LL_GATE_FILE */
export function loadGates(path: string): readonly Gate[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw refuse(`${path}: ${cause instanceof Error ? cause.message : String(cause)}.`, cause);
  }
  const read = parseYaml(text, z.unknown());
  if (!read.ok)
    throw refuse(read.problems.map((p) => `${p.message} (${path}:${p.line})`).join("\n"));
  const parsed = parseGates(read.data);
  if (parsed.ok) return parsed.gates;
  const lines = parsed.problems.map((p) => {
    const line = read.lineAt(p.path.split(".").filter((step) => step !== ""));
    return `${p.code} ${p.path}: ${p.message} (${path}:${line})`;
  });
  throw refuse(lines.join("\n"));
}
