import { hash } from "node:crypto";
import { verifyBundle } from "@loadline/contract";
import { readBundle } from "@loadline/validator";
import { bundlePath } from "../bundle-path.ts";
import { findReportAssets } from "../assets.ts";
import { formats, loadReporters } from "../reporters.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { createPaint, isColoured } from "../terminal/colour.ts";
import type { ExitCode } from "../process/host.ts";
import type { VerbContext } from "./verb.ts";

const sha256 = (bytes: Uint8Array): string => hash("sha256", bytes, "hex");

/** Exit 0 intact and equal, 1 tampered or different, 2 incomplete, 3 unreadable. */
export async function runVerify({ host, args, json }: VerbContext): Promise<ExitCode> {
  const path = bundlePath(host.cwd, args.positionals[0] ?? "");
  const files = await readBundle(path);
  // Without the page's assets the HTML view cannot be made again, so it is not compared.
  const usable = formats.filter((format) => format !== "html" || findReportAssets() !== undefined);
  const reporters = await loadReporters(usable);
  const renderers = Object.fromEntries(reporters.map((one) => [one.file, one.render]));
  const isOwnView = (path: string, text: string): boolean =>
    reporters.find((one) => one.file === path)?.isOwn?.(text) ?? true;
  const result = await verifyBundle(files, { digest: sha256, renderers, isOwnView });
  if (json) {
    host.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return result.exit;
  }
  const paint = createPaint(isColoured(host, host.stdout));
  for (const step of result.steps) {
    const label = `${markOf(step.ok)} ${step.step.padEnd(10)}`;
    const code = step.code === undefined ? "" : `${step.code} `;
    const colour = step.ok === false ? "red" : step.ok === true ? "green" : "yellow";
    host.stdout.write(`${paint(colour, label)} ${code}${cleanText(step.message)}\n`);
  }
  if (result.firstBadRecord !== undefined) {
    host.stdout.write(`first bad record: ${result.firstBadRecord}\n`);
  }
  if (result.outcome !== undefined) host.stdout.write(`outcome: ${result.outcome}\n`);
  for (const line of result.proves) host.stdout.write(`proves: ${cleanText(line)}\n`);
  for (const line of result.doesNotProve) host.stdout.write(`does not prove: ${cleanText(line)}\n`);
  host.stdout.write(`${verifySentences[result.exit]}\n`);
  return result.exit;
}

const verifySentences = {
  0: "the bundle is intact and its verdicts follow from its evidence",
  1: "the bundle was changed, or its verdicts do not follow from its evidence",
  2: "the bundle is incomplete",
  3: "the bundle cannot be read",
} as const;

function markOf(ok: boolean | null): string {
  if (ok === null) return "-";
  return ok ? "+" : "x";
}
