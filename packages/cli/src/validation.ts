import type { RunPlan } from "@loadline/contract";
import { checkBudget, readStages, resumeValidation, runValidation } from "@loadline/validator";
import type { ValidationResult } from "@loadline/validator";
import { buildNamed } from "./built-from.ts";
import type { CliHost } from "./process/host.ts";
import { loadReporters } from "./reporters.ts";
import { showRun } from "./show-run.ts";
import { budgetLine } from "./terminal/budget-line.ts";
import { cleanText } from "./terminal/clean-text.ts";
import { createProgress } from "./terminal/progress.ts";
import { toolVersion } from "./version.ts";

export interface ValidationJob {
  readonly plan: RunPlan;
  readonly planText?: string;
  readonly apiKey?: string;
  /** Keys of a plan with several targets, by their names. */
  readonly apiKeys?: ReadonlyMap<string, string>;
  readonly stackSecrets?: ReadonlyMap<string, string>;
  readonly runsDir: string;
  readonly title: string;
  /** Run directory to go on with, in place of a run from the start. */
  readonly resume?: string;
  /** Folder of selftest bundles. */
  readonly selftestDir?: string;
  /** The command that runs it again, as an argument list. */
  readonly again: readonly string[];
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Runs a plan with live progress, then prints the card, or the verdict alone with `json`. */
export async function validateAndShow(
  host: CliHost,
  job: ValidationJob,
): Promise<ValidationResult> {
  if (job.resume === undefined) {
    host.stderr.write(`${budgetLine(checkBudget(job.plan))}\n`);
    for (const line of await unprovable(job.plan)) host.stderr.write(`${line}\n`);
  }
  const progress = createProgress(host, job.title);
  const deps = {
    clock: host.clock,
    random: host.random,
    runsDir: job.runsDir,
    toolVersion,
    ...buildNamed(),
    reporters: await loadReporters(),
    onProgress: progress.update,
    signal: job.signal,
    reproduce: job.again,
    ...(job.apiKey === undefined ? {} : { apiKey: job.apiKey }),
    ...(job.apiKeys === undefined ? {} : { apiKeys: job.apiKeys }),
    ...(job.stackSecrets === undefined ? {} : { stackSecrets: job.stackSecrets }),
    ...(job.selftestDir === undefined ? {} : { selftestDir: job.selftestDir }),
    ...(job.planText === undefined ? {} : { planText: job.planText }),
  };
  const { resume } = job;
  let result: ValidationResult;
  try {
    result = await (resume === undefined
      ? runValidation(job.plan, deps)
      : resumeValidation(resume, deps));
  } finally {
    progress.end();
  }
  showRun(host, result, job);
  return result;
}

/** More of them are counted, not listed. */
const unprovableMax = 5;

/** Required claims that even a perfect target could not pass; those of skipped stages are asked for. */
async function unprovable(plan: RunPlan): Promise<string[]> {
  const { planRows } = await import("./verbs/plan.ts");
  const { skip } = readStages(plan);
  const stages = new Map(plan.claims.map(({ id, of }) => [id, of.split(".")[0] ?? ""]));
  const open = planRows(plan).filter(
    ({ claim, required, provable }) =>
      required && !provable && !skip.includes(stages.get(claim) ?? ""),
  );
  const lines = open
    .slice(0, unprovableMax)
    .map(({ claim, problem }) => `LL_PLAN_CANNOT_PROVE ${cleanText(`${claim}: ${problem}`)}`);
  const rest = open.length - lines.length;
  return rest > 0 ? [...lines, `and ${rest} more; \`loadline plan\` lists them`] : lines;
}
