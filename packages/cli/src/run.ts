import { resolve } from "node:path";
import { LoadlineError } from "@loadline/kit/errors";
import { meant } from "@loadline/kit/nearest";
import { commonOptions, parseArgs } from "./args.ts";
import { cliErrors } from "./errors.ts";
import { overview, verbHelp } from "./help.ts";
import type { CliHost, ExitCode } from "./process/host.ts";
import { cleanText } from "./terminal/clean-text.ts";
import { verbs } from "./verbs/table.ts";
import { toolVersion } from "./version.ts";

/** Runs one command line and answers its exit code; never throws. */
export async function runCli(host: CliHost): Promise<ExitCode> {
  try {
    return await dispatch(host);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return 130;
    return tellFault(host, error);
  }
}

async function dispatch(host: CliHost): Promise<ExitCode> {
  const [name, ...rest] = host.argv;
  if (name === "--version" || name === "-V") {
    host.stdout.write(`loadline ${toolVersion}\n`);
    return 0;
  }
  if (name === undefined) {
    host.stderr.write(overview());
    return 64;
  }
  if (["--help", "-h"].includes(name) || (name === "help" && rest.length === 0)) {
    host.stdout.write(overview());
    return 0;
  }
  const wanted = name === "help" ? (rest[0] ?? "") : name;
  if (wanted.startsWith("-")) {
    const message = `${wanted}: a flag comes after its verb, as in \`loadline doctor --json\`.`;
    throw cliErrors.make("LL_CLI_VERB", message);
  }
  const verb = verbs.find((one) => one.name === wanted);
  if (verb === undefined) {
    const known = verbs.map((one) => one.name);
    throw cliErrors.make("LL_CLI_VERB", `${wanted}: unknown verb.${meant(wanted, known)}`);
  }
  const args = parseArgs(
    name === "help" ? ["--help"] : rest,
    [...verb.options, ...commonOptions],
    verb.positional,
  );
  if (args.has("help")) {
    host.stdout.write(verbHelp(verb));
    return 0;
  }
  const stateDir = resolve(host.cwd, args.text("state") ?? stateOf(host));
  const run = await verb.load();
  return run({ host, args, stateDir, json: args.has("json") });
}

/** The state directory where no flag names one. */
function stateOf({ env }: CliHost): string {
  const given = env["LOADLINE_STATE_DIR"] ?? "";
  return given === "" ? ".loadline" : given;
}

/** Says on standard error what failed, with its code and remedy; answers the exit code for it. */
export function tellFault(host: CliHost, error: unknown): ExitCode {
  const known = error instanceof LoadlineError ? error : unexpected(error);
  host.stderr.write(`${cleanText(known.line)}\n`);
  if ((host.env["LOADLINE_DEBUG"] ?? "") !== "" && error instanceof Error) {
    host.stderr.write(`${error.stack ?? error.message}\n`);
  }
  // What a gateway refuses the caller, an authorization or a name, is no failure of Loadline.
  return known.row.exit ?? (known.row.fault === "caller" ? 78 : 3);
}

function unexpected(error: unknown): LoadlineError {
  const message = error instanceof Error ? error.message : String(error);
  return cliErrors.make("LL_CLI_UNEXPECTED", message, { cause: error });
}
