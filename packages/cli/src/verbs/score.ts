import { resolve } from "node:path";
import { buildScorecard, decideGates, type GateResult } from "@loadline/contract";
import { isoTime } from "@loadline/kit/clock";
import { checklistText, loadGates, readBundle, readReportModel } from "@loadline/validator";
import { checkBundle } from "../bundle-check.ts";
import { bundlePath } from "../bundle-path.ts";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { createPaint, isColoured } from "../terminal/colour.ts";
import { scorecardText } from "../terminal/scorecard.ts";
import { writeOutput } from "../write-output.ts";
import type { VerbContext } from "./verb.ts";

/**
 * Prints the scorecard of a bundle; reads the bundle only. A score is no gate: exit 0, unless a gate
 * file asks: 1 for a failed gate, 2 for one that too little decides. @throws LL_GATE_FILE, LL_CLI_WRITE,
 * LL_CLI_CHECKLIST
 */
export async function runScore({ host, args, stateDir, json }: VerbContext): Promise<ExitCode> {
  const path = bundlePath(host.cwd, args.positionals[0] ?? "", stateDir);
  const file = args.text("gates");
  const wanted = file === undefined ? [] : loadGates(resolve(host.cwd, file));
  const files = await readBundle(path);
  const { verdict } = readReportModel(files);
  const list = args.text("checklist");
  if (list !== undefined) {
    await refuseUnproven(files, isoTime(host.clock).slice(0, 10));
    writeOutput(resolve(host.cwd, list), checklistText(verdict));
  }
  const card = buildScorecard(verdict);
  const gates = decideGates(wanted, verdict);
  const paint = createPaint(isColoured(host, host.stdout));
  const text = `${scorecardText(card, paint)}${gatesText(gates)}`;
  host.stdout.write(json ? `${JSON.stringify({ ...card, gates }, null, 2)}\n` : text);
  if (gates.some((gate) => gate.verdict === "failed")) return 1;
  return gates.every((gate) => gate.verdict === "passed") ? 0 : 2;
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

function gatesText(gates: readonly GateResult[]): string {
  if (gates.length === 0) return "";
  const lines = gates.map(
    (one) => `  ${cleanText(one.id).padEnd(28)}${one.verdict.padEnd(12)}${cleanText(one.sentence)}`,
  );
  return `gates\n${lines.join("\n")}\n`;
}
