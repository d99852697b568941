import { dirname, join, resolve } from "node:path";
import {
  compileSlos,
  contractErrors,
  judgeSlos,
  lintSlos,
  type Problem,
  readSamples,
  type Sample,
  type SloDocument,
  type SloLint,
  type SloVerdict,
  writeOpenSlo,
  writeSloDocument,
} from "@loadline/contract";
import { gatewaySloSeries } from "@loadline/gateway";
import { openSloText, readSloText, sloFiles, sloRulesText, yamlText } from "@loadline/validator";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { makeDirectory, writeOutput } from "../write-output.ts";
import { readNamedFile } from "./read-named-file.ts";
import { runBudget } from "./slo-budget.ts";
import { readMetricsPage } from "./slo.ts";
import type { VerbContext } from "./verb.ts";

/** What an action does with the objectives of the file. */
type RunAction = (context: VerbContext, document: SloDocument) => ExitCode;

const actions: ReadonlyMap<string, RunAction> = new Map([
  ["import", runImport],
  ["lint", runLint],
  ["compile", runCompile],
  ["check", runCheck],
  ["budget", runBudget],
]);

/**
 * An action on a file of objectives. Exit 0 done, 1 an objective is missed, 2 something could not
 * be told, 78 the file is refused. @throws LL_CLI_HISTORY LL_CLI_FILE LL_CLI_ARGUMENT
 */
export function runSloFile(context: VerbContext, action: string): ExitCode {
  const run = actions.get(action);
  const name = context.args.positionals[1];
  if (run === undefined || name === undefined) {
    throw cliErrors.make("LL_CLI_ARGUMENT", `slo ${action} needs a FILE of objectives.`);
  }
  const document = readDocument(context, name);
  return typeof document === "number" ? document : run(context, document);
}

/** The objectives of a file, or the exit code of a refusal that was printed. */
function readDocument(context: VerbContext, name: string): SloDocument | ExitCode {
  const { host, args } = context;
  const text = readNamedFile(host.cwd, name);
  const result = readSloText(text, { service: "gateway", series: gatewaySloSeries });
  if (!result.ok) return refuse(context, result.problems);
  const base = args.text("runbook");
  if (base === undefined) return result.document;
  const slos = result.document.slos.map((slo) => ({
    ...slo,
    runbook: slo.runbook ?? `${base.replace(/\/$/, "")}/${slo.id}`,
  }));
  return { ...result.document, slos };
}

/** Prints each problem with its code, place and remedy. */
function refuse(
  { host, args, json }: VerbContext,
  problems: readonly (Problem & { readonly line?: number })[],
): ExitCode {
  const name = args.positionals[1] ?? "";
  if (json) host.stdout.write(`${JSON.stringify({ file: name, problems })}\n`);
  const remedies: ReadonlyMap<string, { readonly remedy: string }> = new Map(
    Object.entries(contractErrors.table),
  );
  for (const { code, path, message, line } of json ? [] : problems) {
    const where = line === undefined ? name : `${name}:${line}`;
    const what = path === "" ? message : `${path}: ${message}`;
    const remedy = remedies.get(code)?.remedy ?? "";
    host.stderr.write(
      `${cleanText(`${code} ${what}${/[.?]$/.test(what) ? "" : "."} ${remedy} (${where})`)}\n`,
    );
  }
  return 78;
}

function runImport({ host, args, json }: VerbContext, document: SloDocument): ExitCode {
  const isOpen = args.text("format") === "openslo";
  const value = isOpen ? writeOpenSlo(document.slos) : writeSloDocument(document);
  const text = isOpen ? openSloText(writeOpenSlo(document.slos)) : yamlText(value);
  host.stdout.write(json ? `${JSON.stringify(value)}\n` : text);
  for (const claim of document.claims) {
    host.stderr.write(`a claim, no objective: ${claim.id}: ${cleanText(claim.statement)}\n`);
  }
  return 0;
}

function pageSamples({ host, args }: VerbContext): readonly Sample[] | undefined {
  const file = args.text("metrics");
  return file === undefined ? undefined : readSamples(readMetricsPage(host.cwd, file));
}

function lintLines(lint: SloLint): string[] {
  return [
    ...lint.leftOut.map((text) => `left out: ${text}`),
    ...lint.unwatched.map((id) => `not watched: ${id}: it names no series`),
    ...lint.notChecked.map((text) => `not checked: ${text} (give --metrics FILE)`),
  ].map(cleanText);
}

/** 0: rules can be made of all; 2: of some; a refusal names each problem. */
function runLint(context: VerbContext, document: SloDocument): ExitCode {
  const lint = lintSlos(document.slos, pageSamples(context));
  const { host, json } = context;
  if (lint.problems.length > 0) return refuse(context, lint.problems);
  const lines = [...lintLines(lint), `${document.slos.length} objectives read`];
  host.stdout.write(json ? `${JSON.stringify(lint)}\n` : `${lines.join("\n")}\n`);
  return lint.unwatched.length > 0 ? 2 : 0;
}

/** 0: every objective is watched; 2: one names no series, the rest is written. */
function runCompile(context: VerbContext, document: SloDocument): ExitCode {
  const { host, args, json } = context;
  const made = compileSlos(document, pageSamples(context));
  if (!made.ok) return refuse(context, made.problems);
  const out = args.text("out");
  if (out !== undefined) {
    const folder = resolve(host.cwd, out);
    for (const { path, text } of sloFiles(made.outputs, document.intervals)) {
      makeDirectory(dirname(join(folder, path)));
      writeOutput(join(folder, path), text);
    }
  }
  if (json) host.stdout.write(`${JSON.stringify({ ...made.outputs, lint: made.lint })}\n`);
  else if (out === undefined) host.stdout.write(sloRulesText(made.outputs));
  else host.stdout.write(`${made.outputs.objectives.length} objectives compiled into ${out}\n`);
  const mute = made.mute.map(
    (name) => `nobody is told: receiver ${cleanText(name)} has no address`,
  );
  const notes = [...lintLines(made.lint), ...(out === undefined ? [] : mute)];
  if (!json) for (const line of notes) host.stderr.write(`${line}\n`);
  return made.lint.unwatched.length > 0 ? 2 : 0;
}

/** 0: all are proven; 1: one is missed; 2: none is missed, but not all could be told. */
function runCheck(context: VerbContext, document: SloDocument): ExitCode {
  const samples = pageSamples(context);
  if (samples === undefined) {
    throw cliErrors.make("LL_CLI_ARGUMENT", "--metrics FILE says what is checked.");
  }
  const verdicts = judgeSlos(document.slos, samples);
  const { host, json } = context;
  const lines = verdicts.map((one) => `${words[one.verdict].padEnd(14)}${one.id}: ${one.text}\n`);
  host.stdout.write(
    json ? `${JSON.stringify({ slos: verdicts })}\n` : lines.map(cleanLine).join(""),
  );
  if (verdicts.some(({ verdict }) => verdict === "failed")) return 1;
  const isProven = verdicts.length > 0 && verdicts.every(({ verdict }) => verdict === "passed");
  return isProven ? 0 : 2;
}

const cleanLine = (line: string): string => `${cleanText(line.slice(0, -1))}\n`;

const words: Readonly<Record<SloVerdict["verdict"], string>> = {
  passed: "passed",
  failed: "FAILED",
  inconclusive: "inconclusive",
  not_tested: "not tested",
};
