import { readFileSync } from "node:fs";
import { type Claim, claimsOfSlos } from "@loadline/contract";
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

/**
 * The claims that the objectives of a file lead to; one whose stream no stage produces stays not
 * tested. @throws LL_PLAN_FILE unreadable, LL_PLAN_INVALID with every problem of the file.
 */
export function loadSloClaims(path: string): readonly Claim[] {
  const read = readSloText(readText(path), { service, series: {} });
  if (read.ok) return [...claimsOfSlos(read.document.slos), ...read.document.claims];
  const lines = read.problems.map(
    (p) => `${p.code} ${p.path || "slo"}: ${p.message} (${path}:${p.line})`,
  );
  throw validatorErrors.make("LL_PLAN_INVALID", lines.join("\n"));
}
