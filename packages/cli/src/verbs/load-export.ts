import { basename, dirname, resolve } from "node:path";
import { exportK6, k6OperatorManifest } from "@loadline/validator";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { makeDirectory, writeOutput } from "../write-output.ts";
import { readText } from "./load-interop-file.ts";
import type { VerbContext } from "./verb.ts";

const parallelismDefault = 2;

/** `load export k6|k6-operator PLAN`: a script or a manifest, to standard output or `--out FILE`. */
export async function runLoadExport({ host, args }: VerbContext): Promise<ExitCode> {
  const [, form, plan] = args.positionals;
  if (form !== "k6" && form !== "k6-operator") {
    throw cliErrors.make("LL_CLI_ARGUMENT", "export needs k6 or k6-operator, then PLAN.");
  }
  if (plan === undefined) throw cliErrors.make("LL_CLI_ARGUMENT", "PLAN is missing.");
  const path = resolve(host.cwd, plan);
  const { text } = readText(path);
  const exported = await exportK6(text, { path, lossy: args.has("lossy"), clock: host.clock });
  for (const { path: where, why } of exported.unmapped) {
    host.stderr.write(`left out ${cleanText(`${where}: ${why}`)}\n`);
  }
  for (const { id } of exported.claims.notTested) {
    host.stderr.write(`not_tested(capability_missing) ${cleanText(id)}\n`);
  }
  if (exported.variables.length > 0) {
    host.stderr.write(`the script reads ${exported.variables.join(", ")} from its environment\n`);
  }
  const parallelism = args.count("parallelism", { min: 1, max: 1000 }) ?? parallelismDefault;
  const name = basename(path).replace(/\.[^.]+$/, "");
  const written =
    form === "k6" ? exported.script : k6OperatorManifest(exported, { name, parallelism });
  const out = args.text("out");
  if (out === undefined) host.stdout.write(written);
  else writeOut(resolve(host.cwd, out), written);
  return 0;
}

function writeOut(path: string, text: string): void {
  makeDirectory(dirname(path));
  writeOutput(path, text);
}
