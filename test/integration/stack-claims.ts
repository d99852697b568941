import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReportModel, VerdictDocument } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { parsePlanFile, readBundle, readReportModel, runValidation } from "@loadline/validator";
import { addWaivers } from "../../packages/validator/src/plan/waivers.ts";

type Secrets = Readonly<Record<string, string>>;

/**
 * Validates a plan against real services, secrets by the names of their variables; keeps no run.
 * `waivers` is the text of a file of waivers.
 */
export async function reportOf(
  plan: object,
  secrets: Secrets = {},
  waivers = "{}",
): Promise<ReportModel> {
  const parsed = parsePlanFile(JSON.stringify(plan));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const own = waivers === "{}" ? parsed.plan : addWaivers(parsed.plan, waivers, "waivers.yaml");
  const runsDir = mkdtempSync(join(tmpdir(), "loadline-stack-"));
  const { runDir } = await runValidation(own, {
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
  const model = readReportModel(await readBundle(runDir));
  rmSync(runsDir, { recursive: true, force: true });
  return model;
}

/** The verdict of such a run. */
export const validatePlan = async (plan: object, secrets: Secrets = {}): Promise<VerdictDocument> =>
  (await reportOf(plan, secrets)).verdict;

/** `verdict reason: sentence` of every claim, by its id without `stack.`. */
export function wordsOf({ claims }: VerdictDocument): Record<string, string> {
  return Object.fromEntries(
    claims.map(({ id, verdict, reason, sentence }) => [
      id.replace("stack.", ""),
      `${verdict}${reason === undefined ? "" : ` ${reason}`}: ${sentence}`,
    ]),
  );
}

/** The same of a stack of one service, by the check's own name. */
export async function claimsOf(
  service: object,
  o: { readonly secrets?: Secrets; readonly timeoutMs?: number } = {},
): Promise<Record<string, string>> {
  const bound = o.timeoutMs === undefined ? {} : { timeoutMs: o.timeoutMs };
  const plan = { stack: { ...bound, services: { only: service } } };
  const words = wordsOf(await validatePlan(plan, o.secrets));
  return Object.fromEntries(
    Object.entries(words).map(([id, text]) => [id.replace("only.", ""), text]),
  );
}
