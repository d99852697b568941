import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import { runValidation } from "../run/run-validation.ts";

export interface StackResult {
  /** Verdict and reason of every claim, by id without `stack.`. */
  readonly words: Readonly<Record<string, string>>;
  /** Sentence of every claim, by id without `stack.`. */
  readonly sentences: Readonly<Record<string, string>>;
  readonly evidence: string;
  readonly exitCode: number;
}

/** Runs the plan of a stack for real, through stage, evidence and fold. */
export async function runStackPlan(
  stack: object,
  secrets: Readonly<Record<string, string>> = {},
  signal = new AbortController().signal,
): Promise<StackResult> {
  const parsed = parsePlanFile(JSON.stringify({ stack }));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const result = await runValidation(parsed.plan, {
    clock: systemClock(),
    random: seededRandom(1),
    runsDir: mkdtempSync(join(tmpdir(), "loadline-stack-")),
    toolVersion: "0",
    reporters: [],
    onProgress: () => undefined,
    signal,
    stackSecrets: new Map(Object.entries(secrets).map(([k, v]) => [`\${env:${k}}`, v])),
  });
  const { claims } = result.verdict;
  const short = (id: string): string => id.replace(/^stack\./, "");
  return {
    words: Object.fromEntries(
      claims.map(({ id, verdict, reason }) => [short(id), `${verdict} ${reason ?? ""}`.trim()]),
    ),
    sentences: Object.fromEntries(claims.map(({ id, sentence }) => [short(id), sentence ?? ""])),
    evidence: readFileSync(join(result.runDir, "evidence.jsonl"), "utf8"),
    exitCode: result.exitCode,
  };
}

/** Ids of the claims with a verdict that begins so. */
export function having(result: StackResult, word: string): string[] {
  return Object.entries(result.words).flatMap(([id, said]) => (said.startsWith(word) ? [id] : []));
}
