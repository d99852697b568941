import {
  bindJob,
  type BoundJob,
  checkJob,
  editableOf,
  LoadControl,
  type LoadJob,
  type LoadPlanRow,
  loadPlanRows,
  loadProfiles,
  runLoadJob,
  signRun,
  startLiveServer,
} from "@loadline/validator";
import { signersOf } from "../accepted.ts";
import type { Args } from "../args.ts";
import { cliErrors } from "../errors.ts";
import { readKey } from "../plan-options.ts";
import { watchInterrupt } from "../process/interrupt.ts";
import type { CliHost, ExitCode } from "../process/host.ts";
import { runDepsOf } from "../run-deps.ts";
import { showRun } from "../show-run.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { findingLines } from "../terminal/load-findings.ts";
import { createLoadView } from "../terminal/load-view.ts";
import { jobOfFlags, jobOfNamed, jobOfPlan } from "./load-job.ts";
import { refuseDemands } from "./load-options.ts";
import { loadPlanText } from "./load-plan-text.ts";
import { runStage } from "./validate.ts";
import type { VerbContext } from "./verb.ts";

/** Options that make a load run of its own; without any, `load` is the stage of a validation. */
const ownOptions = [
  "rate",
  "users",
  "duration",
  "get",
  "threshold",
  "ladder",
  "ab",
  "seed",
  "workers",
  "processes",
  "pacing",
  "live",
] as const;
const ownFlags = ["find-peak", "explore", "dry-run", "stream", "live", "above-caps"] as const;

/** The load profile of `--profile`; quick and full are those of a validation. */
function builtInOf(args: Args): string | undefined {
  const profile = args.text("profile");
  return profile === "quick" || profile === "full" ? undefined : profile;
}

/** Whether a load run of its own is asked for; else it is the stage of a validation. */
export function isOwnLoad(args: Args): boolean {
  return (
    args.positionals.length > 0 ||
    builtInOf(args) !== undefined ||
    ownOptions.some((name) => args.text(name) !== undefined) ||
    ownFlags.some((name) => args.has(name))
  );
}

/** @throws LL_CLI_VALUE for what a load of its own would leave aside */
function refuseValidation(args: Args): void {
  if (args.text("plan") !== undefined) {
    const message = "--plan is a plan to validate, and takes none of a load's own options.";
    throw cliErrors.make("LL_CLI_VALUE", `${message} A plan of a load is the argument PLAN.`);
  }
  refuseDemands(args);
}

/** `loadline load`: a plan, a profile or flags become a validation run of load alone. */
export async function runLoadVerb(context: VerbContext): Promise<ExitCode> {
  const { args, host } = context;
  const [plan] = args.positionals;
  const [, extra] = args.positionals;
  if (plan === "judge") return (await import("./load-judge.ts")).judgeRun(context);
  if (extra !== undefined && plan !== "compare") {
    throw cliErrors.make("LL_CLI_ARGUMENT", `"${extra}" is one argument too many.`);
  }
  if (!isOwnLoad(args)) return runStage("load")(context);
  refuseValidation(args);
  if (plan === "profiles") return listProfiles(context);
  if (plan === "compare") return compare(context);
  return runJob(context, withKey(host, await jobOf(context)));
}

/** The load of a plan, a profile or flags. */
async function jobOf({ args, host }: VerbContext): Promise<LoadJob> {
  const [plan] = args.positionals;
  if (plan !== undefined) return jobOfPlan(host, args, plan);
  const profile = builtInOf(args);
  if (profile !== undefined) return jobOfNamed(host, args, profile);
  const target = args.text("target");
  if (target === undefined) {
    throw cliErrors.make("LL_CLI_ARGUMENT", "Give --target URL or a PLAN.");
  }
  return jobOfFlags(args, target);
}

/** `loadline plan PLAN`, `plan --profile mix-50` or `plan --rate 30`: what such a load needs. */
export async function showLoadPlan(context: VerbContext): Promise<ExitCode> {
  const { host, args, json } = context;
  refuseValidation(args);
  const bound = bindJob(await jobOf(context));
  checkJob(bound);
  return printPlan(host, bound, json);
}

function printPlan(host: CliHost, bound: BoundJob, json: boolean): ExitCode {
  const rows = loadPlanRows(bound);
  host.stdout.write(loadPlanText(bound, rows, json));
  return rows.some((row) => row.required && !row.provable) ? 2 : 0;
}

/** `loadline load compare A B`: two targets in one run, or two stored runs. */
async function compare(context: VerbContext): Promise<ExitCode> {
  const { host, args } = context;
  const [, a, b, extra] = args.positionals;
  if (a === undefined || b === undefined || extra !== undefined) {
    throw cliErrors.make("LL_CLI_ARGUMENT", "compare takes two URLs, or two folders of runs.");
  }
  if (/^https?:/.test(a) && /^https?:/.test(b)) {
    return runJob(context, withKey(host, jobOfFlags(args, a, b)));
  }
  const { compareRuns } = await import("./load-compare.ts");
  return compareRuns(context, a, b);
}

/** `loadline load profiles`: what `--profile` takes. */
function listProfiles({ host, json }: VerbContext): ExitCode {
  const rows = loadProfiles.map(({ id, summary, checklist }) => ({ id, summary, checklist }));
  const lines = rows.map(({ id, summary }) => `  ${id.padEnd(13)}${summary}`);
  host.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : `${lines.join("\n")}\n`);
  return 0;
}

/** The keys of the job's variables go to the engine and the redactor, to nothing else. */
function withKey(host: CliHost, job: LoadJob): LoadJob {
  const { apiKeyEnv, keyEnvs = {} } = job;
  const keys = Object.entries(keyEnvs).map(
    ([name, variable]) => [name, readKey(host, variable)] as const,
  );
  const target = {
    ...job.load.target,
    ...(apiKeyEnv !== undefined && { apiKey: readKey(host, apiKeyEnv) }),
    ...(keys.length > 0 && { keys: Object.fromEntries(keys) }),
  };
  return { ...job, load: { ...job.load, target } };
}

async function runJob(context: VerbContext, job: LoadJob): Promise<ExitCode> {
  const { host, args, json } = context;
  const bound = bindJob(job);
  checkJob(bound);
  const rows = loadPlanRows(bound);
  const small = rows.filter((row) => row.required && row.isTooSmall);
  if (args.has("dry-run")) return printPlan(host, bound, json);
  for (const note of bound.notes) host.stderr.write(`note ${cleanText(note)}\n`);
  if (small.length > 0 && !job.explore) return refuse(host, small);
  return start(context, bound);
}

/** A plan that a perfect target could not pass proves nothing, however long it runs. */
function refuse(host: CliHost, open: readonly LoadPlanRow[]): ExitCode {
  for (const { claim, problem } of open) {
    host.stderr.write(`LL_PLAN_CANNOT_PROVE ${cleanText(`${claim}: ${problem}.`)}\n`);
  }
  const ways = "rate, duration, iterations or rows of a trace";
  host.stderr.write(`Bring more samples (by ${ways}), lower the target, or run with --explore.\n`);
  return 2;
}

/** The page of `--live[=PORT]`; what it changes is recorded and breaches guard.load.schedule. */
async function openLive({ host, args }: VerbContext, bound: BoundJob, control: LoadControl) {
  const port = args.count("live", { min: 0, max: 65_535 });
  if (port === undefined && !args.has("live")) return null;
  const live = await startLiveServer({
    port: port ?? 0,
    random: host.random,
    title: `loadline load  ${bound.job.profile}  ${bound.job.name}`,
    // The blocks of an A/B run have a schedule that nothing may change.
    editable: bound.job.ab === undefined ? editableOf(bound.load) : [],
    onEdit: ({ scenario, of, value }) => control.edit(scenario, { [of]: value }),
  });
  host.stderr.write(`live ${live.url}\n`);
  return live;
}

async function start(context: VerbContext, bound: BoundJob): Promise<ExitCode> {
  const { host, args, json } = context;
  using interrupt = watchInterrupt(host, "stopping; what was seen is kept (again: stop at once)");
  const deps = await runDepsOf(context, interrupt.signal);
  const control = new LoadControl();
  await using live = await openLive(context, bound, control);
  const view = createLoadView(host, `loadline load  ${bound.job.profile}  ${bound.job.name}`);
  const findings: string[] = [];
  const { apiKey } = bound.load.target;
  const pacing = args.text("pacing");
  const signers = signersOf(host, args);
  const result = await runLoadJob(bound, {
    ...deps,
    control,
    onFrame: (frame) => {
      view.frame(frame);
      live?.frame(frame);
    },
    onRecord: (record) => void findings.push(...findingLines(record)),
    onWarning: (line) => host.stderr.write(`${cleanText(line)}\n`),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(pacing === "timer" || pacing === "pacer" || pacing === "precise" ? { pacing } : {}),
  });
  signRun(result.runDir, result.verdict, signers);
  view.end();
  live?.end(`${result.verdict.outcome}: ${result.verdict.sentence}`);
  const above = findings.map((line) => `${cleanText(line)}\n`).join("");
  showRun(host, result, { again: deps.reproduce, json, above });
  return result.exitCode;
}
