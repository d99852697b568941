import { readFileSync } from "node:fs";
import { type Claim, claimsOfSlos, type SloDocument, wrongObjective } from "@loadline/contract";
import { validatorErrors } from "../errors.ts";
import { readSloText } from "../slo/read-slo-text.ts";

/** Service that objectives without one of their own are about. */
const service = "platform";
const bytesMax = 1024 * 1024;

function readText(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= bytesMax) return bytes.toString("utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw validatorErrors.make("LL_PLAN_FILE", `slo: ${path}: ${why}.`, { cause });
  }
  throw validatorErrors.make("LL_PLAN_FILE", `slo: ${path} has more than ${bytesMax} bytes.`);
}

/** What of a file that could be read makes no claims; one line for each problem. */
function wrongLines({ slos, claims }: SloDocument, path: string): readonly string[] {
  if (slos.length + claims.length === 0) {
    return [`LL_PLAN_EMPTY_CLAIM slo: The file promises nothing. (${path})`];
  }
  return slos.flatMap((slo) => {
    const wrong = wrongObjective(slo);
    return wrong === null ? [] : [`LL_SLO_OBJECTIVE ${slo.id}: ${wrong} (${path})`];
  });
}

/**
 * The claims that the objectives of a file lead to, each at the confidence of the plan; one whose
 * stream no stage produces stays not tested. @throws LL_PLAN_FILE unreadable, LL_PLAN_INVALID with
 * every problem of the file, or where it promises nothing.
 */
export function loadSloClaims(path: string, confidence: number): readonly Claim[] {
  const read = readSloText(readText(path), { service, series: {} });
  const lines = read.ok
    ? wrongLines(read.document, path)
    : read.problems.map((p) => `${p.code} ${p.path || "slo"}: ${p.message} (${path}:${p.line})`);
  if (!read.ok || lines.length > 0) {
    throw validatorErrors.make("LL_PLAN_INVALID", lines.join("\n"));
  }
  const { slos, claims } = read.document;
  return [...claimsOfSlos(slos), ...claims].map((claim) => ({ ...claim, confidence }));
}
