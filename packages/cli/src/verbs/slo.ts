import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { checkWatched, rulesDocument, rulesFile, type WatchedFigure } from "@loadline/gateway";
import { codeOf } from "@loadline/kit/errors";
import { parseDurationMs } from "../duration.ts";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import type { VerbContext } from "./verb.ts";

const pageBytesMax = 64 * 1024 * 1024;
const objectiveDefault = 99.5;
const jobPattern = /^[\w.:/-]{1,128}$/;

/**
 * `compile` and `check` without a FILE are about the gateway's own figures; with one, and all other
 * actions, about the objectives of the file. Only `compile --out` writes files.
 */
export async function runSlo(context: VerbContext): Promise<ExitCode> {
  const [action = "", file] = context.args.positionals;
  if (file === undefined && action === "compile") return runCompile(context);
  if (file === undefined && action === "check") return runCheck(context);
  const { runSloFile } = await import("./slo-file.ts");
  return runSloFile(context, action);
}

function runCompile({ host, args, json }: VerbContext): ExitCode {
  const hold = args.text("hold");
  const job = args.text("job") ?? "loadline";
  if (!jobPattern.test(job)) {
    throw cliErrors.make("LL_CLI_VALUE", "--job is a name of letters, digits and . _ : / -");
  }
  const options = {
    objective: readObjective(args.text("objective")),
    job,
    holdMs: hold === undefined ? undefined : parseDurationMs("hold", hold),
  };
  const text = json ? `${JSON.stringify(rulesDocument(options))}\n` : rulesFile(options);
  host.stdout.write(text);
  return 0;
}

function readObjective(text: string | undefined): number {
  if (text === undefined) return objectiveDefault;
  const percent = Number(text);
  if (/^\d{2}(?:\.\d{1,4})?$/.test(text) && percent >= 95 && percent <= 99.99) return percent;
  throw cliErrors.make("LL_CLI_VALUE", "--objective is a percentage from 95 to 99.99.");
}

/** 0: all are within; 1: one is over; 2: none is over, but not all could be told. */
function runCheck({ host, args, json }: VerbContext): ExitCode {
  const file = args.text("metrics");
  if (file === undefined) {
    throw cliErrors.make("LL_CLI_ARGUMENT", "--metrics FILE says what is checked.");
  }
  const page = readMetricsPage(host.cwd, file);
  const figures = checkWatched(page, host.clock.wallMs() / 1000);
  const text = figures.map((one) => `${words[one.state].padEnd(14)}${one.id}: ${one.text}\n`);
  host.stdout.write(json ? `${JSON.stringify({ figures })}\n` : text.join(""));
  if (figures.some((one) => one.state === "over")) return 1;
  return figures.every((one) => one.state === "within") ? 0 : 2;
}

const words: Readonly<Record<WatchedFigure["state"], string>> = {
  within: "within",
  over: "OVER",
  too_few: "inconclusive",
  absent: "not tested",
};

/** A metrics page of at most 64 MiB that an option names. @throws LL_CLI_FILE */
export function readMetricsPage(cwd: string, file: string): string {
  try {
    const bytes = readFileSync(resolve(cwd, file));
    if (bytes.length <= pageBytesMax) return bytes.toString("utf8");
  } catch (cause) {
    const reason = codeOf(cause, "unreadable");
    throw cliErrors.make("LL_CLI_FILE", `--metrics ${file}: cannot be read (${reason}).`, {
      cause,
    });
  }
  throw cliErrors.make("LL_CLI_FILE", `--metrics ${file}: over ${pageBytesMax} bytes.`);
}
