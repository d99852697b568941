import { join, relative, resolve } from "node:path";
import type { ValidationResult } from "@loadline/validator";
import { cliErrors } from "./errors.ts";
import type { CliHost } from "./process/host.ts";
import { verdictCard } from "./terminal/card.ts";
import { cleanText } from "./terminal/clean-text.ts";
import { createPaint, isColoured } from "./terminal/colour.ts";
import type { VerbContext } from "./verbs/verb.ts";

/** Where a run is kept: in the folder of `--out`, else below the state directory. */
export function runsDirOf({
  host,
  args,
  stateDir,
}: Pick<VerbContext, "host" | "args" | "stateDir">): string {
  const out = args.text("out");
  return out === undefined ? join(stateDir, "runs") : resolve(host.cwd, out);
}

/** Views for a person, the best first. */
const readable = [
  { id: "html", file: "report.html" },
  { id: "md", file: "report.md" },
] as const;

export interface ShownRun {
  /** The command that runs it again, as an argument list. */
  readonly again: readonly string[];
  readonly json: boolean;
  /** Lines above the card, left out with `json`. */
  readonly above?: string;
}

/** Names each view that could not be written, then prints the card, or the verdict with `json`. */
export function showRun(
  host: CliHost,
  { verdict, runDir, reporterFailures, exitCode }: ValidationResult,
  { again, json, above = "" }: ShownRun,
): void {
  for (const { id, message } of reporterFailures) {
    const { line } = cliErrors.make("LL_CLI_WRITE", `${id}: ${message}.`.replace(/\.\.$/, "."));
    host.stderr.write(`${cleanText(line)}\n`);
  }
  if (json) {
    host.stdout.write(`${JSON.stringify(verdict, null, 2)}\n`);
    return;
  }
  const failed = new Set(reporterFailures.map(({ id }) => id));
  const near = relative(host.cwd, runDir);
  const card = verdictCard(verdict, {
    columns: host.stdout.isTty ? host.stdout.columns : 80,
    paint: createPaint(isColoured(host, host.stdout)),
    runDir: near.startsWith("..") ? runDir : near,
    report: readable.find(({ id }) => !failed.has(id))?.file ?? null,
    again,
    isInterrupted: exitCode === 130,
  });
  host.stdout.write(above + card);
}
