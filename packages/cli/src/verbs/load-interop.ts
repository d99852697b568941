import { statSync } from "node:fs";
import { resolve } from "node:path";
import {
  absentRun,
  boundClaimsOf,
  driveTool,
  type DrivenTool,
  type ImportJob,
  importRun,
  type ImportPlan,
  noImportPlan,
  readForeign,
  readImportPlan,
  signRun,
} from "@loadline/validator";
import { LoadlineError } from "@loadline/kit/errors";
import { signersOf } from "../accepted.ts";
import { cliErrors } from "../errors.ts";
import { refuseUnsent } from "../plan-options.ts";
import type { ExitCode } from "../process/host.ts";
import { watchInterrupt } from "../process/interrupt.ts";
import { runDepsOf } from "../run-deps.ts";
import { showRun } from "../show-run.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { interopActions } from "./load-interop-options.ts";
import { readText } from "./load-interop-file.ts";
import { refuseDemands } from "./load-options.ts";
import { foreignText } from "./load-interop-text.ts";
import type { RunVerb, VerbContext } from "./verb.ts";

/** `load import|drive|export ...`; everything else is `own`'s. */
export function withInterop(own: RunVerb): RunVerb {
  return async (context) => {
    const action = interopActions.find((one) => one === context.args.positionals[0]);
    if (action !== undefined) refuseOthers(context);
    if (action === "import") return runImport(context);
    if (action === "drive") return runDrive(context);
    if (action === "export") return (await import("./load-export.ts")).runLoadExport(context);
    return own(context);
  };
}

/** @throws LL_CLI_VALUE for what would be left aside: it could have kept a run from READY. */
function refuseOthers({ host, args }: VerbContext): void {
  // A key that cannot be read is said before a tool runs for long.
  signersOf(host, args);
  refuseUnsent(args.text("target") ?? "");
  refuseDemands(args);
  if (args.text("threshold") === undefined) return;
  const message = "--threshold is for a load of its own; results are judged by those of --plan.";
  throw cliErrors.make("LL_CLI_VALUE", message);
}

/** Result files of another tool become a run of their own: claims, imported evidence, verdict. */
async function runImport(context: VerbContext): Promise<ExitCode> {
  const { host, args } = context;
  const [, ...names] = args.positionals;
  if (names.length === 0) throw cliErrors.make("LL_CLI_ARGUMENT", "FILE is missing.");
  const files = names.map((name) => readText(resolve(host.cwd, name)));
  const newestMs = Math.max(...names.map((name) => statSync(resolve(host.cwd, name)).mtimeMs));
  const run = readForeign(files);
  return show(context, { run, files, modifiedAt: new Date(newestMs).toISOString() });
}

/** Runs a script with the tool on this machine, then imports what it wrote. */
async function runDrive(context: VerbContext): Promise<ExitCode> {
  const { host, args } = context;
  const [, tool, script] = args.positionals;
  if (tool === "k6-operator") {
    return (await import("./load-operator.ts")).runOperator(context, show);
  }
  if (tool !== "k6" && tool !== "locust") {
    throw cliErrors.make(
      "LL_CLI_ARGUMENT",
      "drive needs k6, locust or k6-operator, then SCRIPT or PLAN.",
    );
  }
  if (script === undefined) throw cliErrors.make("LL_CLI_ARGUMENT", "SCRIPT is missing.");
  if (tool === "locust" && args.text("duration") === undefined) {
    throw cliErrors.make("LL_CLI_VALUE", "drive locust needs --duration, or it never ends.");
  }
  const path = resolve(host.cwd, script);
  readText(path);
  using interrupt = watchInterrupt(host, `stopping ${tool} (again: stop at once)`);
  const modifiedAt = new Date(host.clock.wallMs()).toISOString();
  try {
    const driven = await driveTool(jobOf(context, tool, path), {
      clock: host.clock,
      signal: interrupt.signal,
    });
    const { version, args: given, exitCode, meaning, outputDigest, files } = driven;
    host.stderr.write(`${tool} ${version} ended with ${exitCode ?? "a signal"}: ${meaning}\n`);
    const run = { ...readForeign(files), version };
    const told = { version, args: given, exitCode, meaning, outputDigest };
    return await show(context, { run, files, modifiedAt, driven: told }, interrupt.signal);
  } catch (error) {
    if (!(error instanceof LoadlineError) || error.code !== "LL_LOAD_DRIVER_MISSING") throw error;
    host.stderr.write(`${cleanText(error.line)}\n`);
    const job = { run: absentRun(tool), files: [], modifiedAt, toolMissing: error.message };
    return show(context, job, interrupt.signal);
  }
}

function jobOf({ host, args }: VerbContext, tool: DrivenTool, script: string) {
  const users = args.count("users", { min: 1, max: 20_000 });
  const [toolPath, duration, target] = [
    args.text("tool"),
    args.text("duration"),
    args.text("target"),
  ];
  return {
    tool,
    script,
    env: host.env,
    hasPlan: args.text("plan") !== undefined,
    ...(toolPath !== undefined && { toolPath: resolve(host.cwd, toolPath) }),
    ...(users !== undefined && { users }),
    ...(duration !== undefined && { duration }),
    ...(target !== undefined && { host: target }),
  };
}

type WantedClaims = ImportPlan & Pick<ImportJob, "exported">;

/** What a plan promises; for results of an exported script its own claims. */
async function claimsOf({ host, args }: VerbContext, imported: Imported): Promise<WantedClaims> {
  const { run } = imported;
  const given = args.text("plan") ?? imported.plan;
  if (given === undefined) return noImportPlan;
  const path = resolve(host.cwd, given);
  const { text } = readText(path);
  const plan = readImportPlan(path, text);
  if (run.exact === undefined) return plan;
  return { ...plan, exported: await boundClaimsOf(text, { path, clock: host.clock }) };
}

/** What was read, before the plan says what it is for. */
export type Imported = Pick<
  ImportJob,
  "run" | "files" | "modifiedAt" | "driven" | "toolMissing" | "scriptsExpected"
> & {
  /** Path of the plan that was run; `--plan` wins. */
  readonly plan?: string;
};

async function show(
  context: VerbContext,
  imported: Imported,
  signal = new AbortController().signal,
): Promise<ExitCode> {
  const { host, args, json } = context;
  const wanted = await claimsOf(context, imported);
  const target = args.text("target");
  const scriptsExpected = args.count("parallelism", { min: 1, max: 1000 });
  const job = {
    ...imported,
    ...wanted,
    ...(scriptsExpected !== undefined && { scriptsExpected }),
    ...(target !== undefined && { target }),
  };
  const deps = await runDepsOf(context, signal);
  const signers = signersOf(host, args);
  const result = await importRun(job, deps);
  signRun(result.runDir, result.verdict, signers);
  const above = imported.toolMissing === undefined ? foreignText(imported.run) : "";
  showRun(host, result, { again: deps.reproduce, json, above });
  return result.exitCode;
}
