import { join } from "node:path";
import { signRun, type ValidationResult } from "@loadline/validator";
import { signersOf, signersOfResumed } from "../accepted.ts";
import { bundlePath } from "../bundle-path.ts";
import { readResumedPlan, readWantedPlan, type WantedPlan } from "../plan-options.ts";
import { watchInterrupt } from "../process/interrupt.ts";
import { runsDirOf } from "../show-run.ts";
import { validateAndShow } from "../validation.ts";
import type { ExitCode } from "../process/host.ts";
import type { RunVerb, VerbContext } from "./verb.ts";

/** The whole validation of a target. */
export function runValidate(context: VerbContext): Promise<ExitCode> {
  return validateTarget(context, "validate");
}

/** One stage alone: same plan, same evidence; the claims of the others are not tested. */
export function runStage(stage: "probe" | "load"): RunVerb {
  return (context) => validateTarget(context, stage);
}

async function validateTarget(
  { host, args, stateDir, json }: VerbContext,
  verb: "validate" | "probe" | "load",
): Promise<ExitCode> {
  const skip = { validate: [], probe: ["load"], load: ["probe"] } as const;
  const interrupted = args.text("resume");
  const resume =
    interrupted === undefined ? undefined : bundlePath(host.cwd, interrupted, stateDir);
  const wanted =
    resume === undefined
      ? await readWantedPlan(host, args, skip[verb])
      : await readResumedPlan(host, args, resume);
  const signers =
    resume === undefined
      ? signersOf(host, args, wanted.file)
      : await signersOfResumed(host, args, resume);
  const asked = { verb, wanted, signers, ...(resume === undefined ? {} : { resume }) };
  return (await runWanted({ host, args, stateDir, json }, asked)).exitCode;
}

/** A plan that is to be run, with whoever signs its run. */
export interface WantedRun {
  /** As it was typed, such as `probe compose`. */
  readonly verb: string;
  readonly wanted: WantedPlan;
  readonly signers: Parameters<typeof signRun>[2];
  /** Run directory to go on with, in place of a run from the start. */
  readonly resume?: string;
}

/** Runs a plan to its end or to Ctrl-C, shows it, and signs what came of it. */
export async function runWanted(
  { host, args, stateDir, json }: VerbContext,
  { verb, wanted, signers, resume }: WantedRun,
): Promise<ValidationResult> {
  using interrupt = watchInterrupt(host, "stopping; what was seen is kept (again: stop at once)");
  const { name } = wanted.plan.target;
  const result = await validateAndShow(host, {
    ...wanted,
    runsDir: runsDirOf({ host, args, stateDir }),
    title: `loadline ${verb}  ${wanted.plan.profile}  ${name}`,
    again: ["loadline", ...host.argv],
    json,
    selftestDir: join(stateDir, "selftest"),
    ...(resume === undefined ? {} : { resume }),
    signal: interrupt.signal,
  });
  signRun(result.runDir, result.verdict, signers);
  return result;
}
