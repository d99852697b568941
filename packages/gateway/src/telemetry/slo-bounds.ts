import { readFileSync } from "node:fs";
import { codeOf } from "@loadline/kit/errors";
import { gatewayErrors } from "../errors.ts";
import { durationBounds, durationName } from "./telemetry.ts";

/**
 * Bounds of the request duration, seconds, rising: the usual ones, and those that the objectives in
 * the file at `path` need to be counted exactly. LL_CONFIG_INVALID for a file that is none.
 */
export async function readDurationBounds(path: string | undefined): Promise<readonly number[]> {
  if (path === undefined) return durationBounds;
  const [{ parse }, { readSloDocument, requiredBuckets }] = await Promise.all([
    import("yaml"),
    import("@loadline/contract/slo"),
  ]);
  const result = readSloDocument(valueOf(path, parse));
  if (!result.ok) {
    const [first] = result.problems;
    throw invalid(path, `${first?.path ?? ""}: ${first?.message ?? "no objectives"}`);
  }
  const needed = [...requiredBuckets(result.document.slos)].flatMap(([histogram, bounds]) =>
    histogram === durationName || histogram.startsWith(`${durationName}{`) ? bounds : [],
  );
  return [...new Set([...durationBounds, ...needed])].toSorted((a, b) => a - b);
}

function valueOf(path: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const code = codeOf(cause, "");
    throw invalid(path, code.startsWith("E") ? `it cannot be read (${code})` : "it is no YAML");
  }
}

const invalid = (path: string, text: string): Error =>
  gatewayErrors.make("LL_CONFIG_INVALID", `telemetry.slos: ${path}: ${text}.`);
