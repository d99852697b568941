import { basename, resolve } from "node:path";
import {
  absentRun,
  driveOperator,
  exportK6,
  k6OperatorManifest,
  operatorName,
  readForeign,
  readImportPlan,
} from "@loadline/validator";
import { LoadlineError } from "@loadline/kit/errors";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { watchInterrupt } from "../process/interrupt.ts";
import { cleanText } from "../terminal/clean-text.ts";
import type { Imported } from "./load-interop.ts";
import { readText } from "./load-interop-file.ts";
import type { VerbContext } from "./verb.ts";

const parallelismDefault = 2;

type Show = (context: VerbContext, imported: Imported, signal: AbortSignal) => Promise<ExitCode>;

/**
 * `load drive k6-operator PLAN`: exports the plan, runs it on the cluster kubectl points at, and
 * imports what its runners counted; a runner without results leaves a gap.
 */
export async function runOperator(context: VerbContext, show: Show): Promise<ExitCode> {
  const { host, args } = context;
  const plan = args.positionals[2];
  if (plan === undefined) throw cliErrors.make("LL_CLI_ARGUMENT", "PLAN is missing.");
  const path = resolve(host.cwd, plan);
  const { text } = readText(path);
  // What its results will be judged by, before anything is sent.
  readImportPlan(path, text);
  const exported = await exportK6(text, { path, lossy: args.has("lossy"), clock: host.clock });
  const parallelism = args.count("parallelism", { min: 1, max: 1000 }) ?? parallelismDefault;
  const name = operatorName(basename(path).replace(/\.[^.]+$/, ""));
  const manifest = k6OperatorManifest(exported, { name, parallelism });
  using interrupt = watchInterrupt(host, "no longer waiting; the test run stays on the cluster");
  const modifiedAt = new Date(host.clock.wallMs()).toISOString();
  const shared = { modifiedAt, plan, scriptsExpected: parallelism };
  const tool = args.text("tool");
  const toolPath = tool === undefined ? {} : { toolPath: resolve(host.cwd, tool) };
  try {
    const job = { name, manifest, env: host.env, ...toolPath };
    const ran = await driveOperator(job, { clock: host.clock, signal: interrupt.signal });
    const { version, stage, outputDigest, files } = ran;
    host.stderr.write(`test run ${name} is ${cleanText(stage) || "without a stage"}\n`);
    const driven = { kubectl: version, stage, outputDigest, parallelism };
    const imported = { run: readForeign(files), files, driven, ...shared };
    return await show(context, imported, interrupt.signal);
  } catch (error) {
    if (!(error instanceof LoadlineError) || error.code !== "LL_LOAD_DRIVER_MISSING") throw error;
    host.stderr.write(`${cleanText(error.line)}\n`);
    const missing = { run: absentRun("k6"), files: [], toolMissing: error.message, ...shared };
    return show(context, missing, interrupt.signal);
  }
}
