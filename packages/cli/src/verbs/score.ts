import { resolve } from "node:path";
import {
  buildScorecard,
  checklistRowsOf,
  decideGates,
  decideNamedUse,
  type GateResult,
  type UseVerdict,
} from "@loadline/contract";
import { isoTime } from "@loadline/kit/clock";
import { checklistText, loadGates, readBundle, readReportModel } from "@loadline/validator";
import { useOf } from "../accepted.ts";
import { checkBundle } from "../bundle-check.ts";
import { bundlePath } from "../bundle-path.ts";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { createPaint, isColoured } from "../terminal/colour.ts";
import { checklistRowsText, scorecardText } from "../terminal/scorecard.ts";
import { writeOutput } from "../write-output.ts";
import type { VerbContext } from "./verb.ts";

/**
 * Prints the scorecard of a bundle; reads the bundle only. A score is no gate: exit 0, unless the
 * plan or a flag asks for gates or a use: 1 for a failed one, 2 for one that too little decides.
 * @throws LL_GATE_FILE, LL_CLI_WRITE, LL_CLI_CHECKLIST, LL_CLI_VALUE
 */
export async function runScore({ host, args, stateDir, json }: VerbContext): Promise<ExitCode> {
  const path = bundlePath(host.cwd, args.positionals[0] ?? "", stateDir);
  const file = args.text("gates");
  const wanted = file === undefined ? null : loadGates(resolve(host.cwd, file));
  const asked = useOf(args);
  const files = await readBundle(path);
  const { verdict, plan } = readReportModel(files);
  const rows = args.has("rows") ? checklistRowsOf(verdict, plan.claims) : null;
  const list = args.text("checklist");
  if (list !== undefined) {
    await refuseUnproven(files, isoTime(host.clock).slice(0, 10));
    writeOutput(resolve(host.cwd, list), checklistText(verdict));
  }
  const card = buildScorecard(verdict);
  const gates = wanted === null ? (verdict.gates ?? []) : decideGates(wanted, verdict);
  const use = asked === undefined ? verdict.use : decideNamedUse(asked, verdict);
  const paint = createPaint(isColoured(host, host.stdout));
  const last = rows === null ? "" : checklistRowsText(rows);
  const text = `${scorecardText(card, paint)}${useText(use)}${gatesText(gates)}${last}`;
  const document = { ...card, gates, ...(use !== undefined && { use }), ...(rows && { rows }) };
  host.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : text);
  return exitOf(use, gates);
}

function exitOf(use: UseVerdict | undefined, gates: readonly GateResult[]): ExitCode {
  if (use?.outcome === "NOT_READY" || gates.some((gate) => gate.verdict === "failed")) return 1;
  const isUsable = use === undefined || use.outcome === "READY";
  return isUsable && gates.every((gate) => gate.verdict === "passed") ? 0 : 2;
}

/** A box is ticked by evidence, so the verdict has to follow from it, as `verify` sees it. */
async function refuseUnproven(
  files: ReadonlyMap<string, Uint8Array>,
  today: string,
): Promise<void> {
  const { exit, steps } = await checkBundle(files, { signatures: { keys: [] }, today });
  if (exit === 0) return;
  const bad =
    steps.find(({ ok }) => ok === false) ??
    steps.find(({ ok, step }) => ok === null && step !== "signature");
  const why = cleanText(bad?.message ?? "");
  throw cliErrors.make("LL_CLI_CHECKLIST", `verify says exit ${exit}: ${why}`);
}

function useText(use: UseVerdict | undefined): string {
  return use === undefined ? "" : `use ${use.use}: ${use.outcome}, ${cleanText(use.sentence)}\n`;
}

function gatesText(gates: readonly GateResult[]): string {
  if (gates.length === 0) return "";
  const lines = gates.map(
    (one) => `  ${cleanText(one.id).padEnd(28)}${one.verdict.padEnd(12)}${cleanText(one.sentence)}`,
  );
  return `gates\n${lines.join("\n")}\n`;
}
