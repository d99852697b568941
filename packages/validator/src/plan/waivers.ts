import { readFileSync } from "node:fs";
import { parseWaivers, type RunPlan } from "@loadline/contract";
import { z } from "zod";
import { validatorErrors } from "../errors.ts";
import { isRecord } from "../probes/shapes.ts";
import { parseYaml } from "./yaml-problems.ts";

/** Features of the target a plan declares by a key of its manifest. */
const featureKeys: Readonly<Record<string, string>> = {
  embeddings: "embeddingsModel",
  health: "healthPath",
  auth: "apiKeyEnv",
};

/** Features the plan itself says the target has; nobody may call them not applicable. */
export function declaredFeatures(plan: Pick<RunPlan, "stages">): readonly string[] {
  const { target, targets, stack } = plan.stages;
  const several = isRecord(targets) ? Object.values(targets) : [];
  const manifests = [target, ...several].filter(isRecord);
  const ofTarget = Object.entries(featureKeys)
    .filter(([, key]) => manifests.some((one) => one[key] !== undefined))
    .map(([feature]) => feature);
  const services = isRecord(stack) && isRecord(stack["services"]) ? stack["services"] : {};
  const kinds = Object.values(services).flatMap((one) =>
    isRecord(one) && typeof one["kind"] === "string" ? [one["kind"]] : [],
  );
  return [...new Set([...ofTarget, ...Object.keys(services), ...kinds])];
}

/** Puts a text of waivers into the plan they are about. @throws LL_WAIVER_FILE, every problem */
export function addWaivers(plan: RunPlan, text: string, path: string): RunPlan {
  const read = parseYaml(text, z.unknown());
  const lines: string[] = [];
  if (!read.ok) for (const p of read.problems) lines.push(`${p.message} (${path}:${p.line})`);
  else {
    const declares = declaredFeatures(plan);
    const parsed = parseWaivers(read.data, { claims: plan.claims, declares });
    if (parsed.ok) {
      const { waivers, notApplicable } = parsed.file;
      return { ...plan, waivers, notApplicable };
    }
    for (const p of parsed.problems) {
      const line = read.lineAt(p.path.split(".").filter((step) => step !== ""));
      lines.push(`${p.code} ${p.path}: ${p.message} (${path}:${line})`);
    }
  }
  throw validatorErrors.make("LL_WAIVER_FILE", lines.join("\n"));
}

/** Reads `waivers.yaml` into the plan; its digest then covers them. @throws LL_WAIVER_FILE */
export function loadWaivers(plan: RunPlan, path: string): RunPlan {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw validatorErrors.make("LL_WAIVER_FILE", `${path}: ${why}.`, { cause });
  }
  return addWaivers(plan, text, path);
}
