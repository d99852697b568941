import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type LintResult, lintReport, reportBytesMax } from "@loadline/contract/lint";
import { bundlePath } from "../bundle-path.ts";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import type { VerbContext } from "./verb.ts";

/** Lines of a result's coverage that are printed; `--json` has more. */
const unreadShownMax = 10;

/** Exit 0 checked and no contradiction, 1 a contradiction, 2 nothing checkable in a file. */
export async function runLint({ host, args, json }: VerbContext): Promise<ExitCode> {
  const results = args.positionals.map((name) => lintReport(name, readReportFile(host.cwd, name)));
  const exit = worstExit(results);
  if (json) host.stdout.write(`${JSON.stringify({ exit, reports: results }, null, 2)}\n`);
  else for (const result of results) host.stdout.write(`${linesOf(result).join("\n")}\n`);
  return exit;
}

function worstExit(results: readonly LintResult[]): 0 | 1 | 2 {
  if (results.some((one) => one.exit === 1)) return 1;
  return results.some((one) => one.exit === 2) ? 2 : 0;
}

function readReportFile(cwd: string, name: string): Uint8Array {
  const folder = dirname(name);
  const isLatest = basename(folder) === "latest";
  const path = isLatest ? join(bundlePath(cwd, folder), basename(name)) : resolve(cwd, name);
  try {
    const { size } = statSync(path);
    // Only its size matters then: the lint refuses it by name.
    return size > reportBytesMax ? new Uint8Array(reportBytesMax + 1) : readFileSync(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw cliErrors.make("LL_CLI_REPORT", `${name}: ${why}.`, { cause });
  }
}

function linesOf(result: LintResult): string[] {
  const { coverage, findings } = result;
  const name = cleanText(result.name);
  if (result.problem !== undefined) {
    return [`${name}: ${result.problem.code} ${result.problem.message}: not checked`];
  }
  const count = (level: string): number => findings.filter((one) => one.level === level).length;
  const unread = coverage.notUnderstood.slice(0, unreadShownMax);
  return [
    `${name}: ${count("contradiction")} contradictions, ${count("unsupported")} unsupported, ${count("note")} notes`,
    ...findings.flatMap((one) => [
      `  ${one.level} ${one.rule}: ${cleanText(one.message)}`,
      ...one.quotes.map((quote) => `    line ${quote.line}: ${cleanText(quote.text)}`),
      `    recomputed: ${cleanText(one.recomputed)}`,
    ]),
    `  read: ${coverage.figuresRead} figures in ${coverage.lines} lines; checked: ${coverage.figuresChecked}; ` +
      `not understood: ${coverage.notUnderstoodCount} lines`,
    ...unread.map((one) => `    line ${one.line}: ${cleanText(one.text)}`),
    ...(result.exit === 2 ? ["  nothing in it could be checked"] : []),
  ];
}
