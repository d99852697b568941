import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VerdictDocument } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { parsePlanFile, runValidation } from "@loadline/validator";

/** Validates a plan against real services, secrets by the names of their variables; keeps no run. */
export async function validatePlan(
  plan: object,
  secrets: Readonly<Record<string, string>> = {},
): Promise<VerdictDocument> {
  const parsed = parsePlanFile(JSON.stringify(plan));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const runsDir = mkdtempSync(join(tmpdir(), "loadline-stack-"));
  const { verdict } = await runValidation(parsed.plan, {
    clock: systemClock(),
    // Not of a seed: what an earlier run left must not read like what this one wrote.
    random: systemRandom(),
    runsDir,
    toolVersion: "0",
    reporters: [],
    onProgress: () => undefined,
    signal: new AbortController().signal,
    stackSecrets: new Map(Object.entries(secrets).map(([k, v]) => [`\${env:${k}}`, v])),
  });
  rmSync(runsDir, { recursive: true, force: true });
  return verdict;
}

/** `verdict reason: sentence` of every claim of a stack of one service, by the check's own name. */
export async function claimsOf(
  service: object,
  o: { readonly secrets?: Readonly<Record<string, string>>; readonly timeoutMs?: number } = {},
): Promise<Record<string, string>> {
  const bound = o.timeoutMs === undefined ? {} : { timeoutMs: o.timeoutMs };
  const { claims } = await validatePlan(
    { stack: { ...bound, services: { only: service } } },
    o.secrets,
  );
  return Object.fromEntries(
    claims.map(({ id, verdict, reason, sentence }) => [
      id.replace("stack.only.", ""),
      `${verdict}${reason === undefined ? "" : ` ${reason}`}: ${sentence}`,
    ]),
  );
}
