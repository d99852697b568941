import type { Scenario } from "../types.ts";
import type { BoundClaim, ThresholdSpec } from "./bound-claim.ts";
import { type ClaimsInput, toClaims } from "./to-claims.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;
/** Scenarios of an open and of a closed model, and one with steps. */
export const open: Scenario = {
  executor: "constant-arrival-rate",
  rate: 20,
  durationMs: 60_000,
  request,
};
export const closed: Scenario = { executor: "constant-vus", vus: 5, durationMs: 60_000, request };
export const steps: Scenario = {
  executor: "constant-vus",
  vus: 5,
  durationMs: 60_000,
  exec: { kind: "steps", data: [] },
  steps: [{ name: "list" }, { name: "call" }],
};

/** Claims of thresholds, one each; of two open scenarios unless told otherwise. */
export function claims(
  thresholds: Record<string, string | ThresholdSpec>,
  rest: Partial<ClaimsInput> = {},
): BoundClaim[] {
  const specs = Object.entries(thresholds).map(([key, one]) => [
    key,
    [typeof one === "string" ? { threshold: one } : one],
  ]);
  return toClaims({
    scenarios: { chat: open, rag: open },
    thresholds: Object.fromEntries(specs),
    confidence: 0.95,
    hasBaseline: false,
    ...rest,
  });
}

/** The claim of one threshold. */
export function first(
  thresholds: Record<string, string | ThresholdSpec>,
  rest: Partial<ClaimsInput> = {},
) {
  const [found] = claims(thresholds, rest);
  if (found === undefined) throw new Error("no claim");
  return found;
}

/** Code and message of what is thrown; "" of nothing. */
export const code = (make: () => unknown): string => {
  try {
    make();
  } catch (error) {
    return error instanceof Error && "code" in error
      ? `${String(error.code)} ${error.message}`
      : "";
  }
  return "";
};
