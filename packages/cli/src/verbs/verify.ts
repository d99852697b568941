import { resolve } from "node:path";
import type { VerifyResult } from "@loadline/contract";
import { isoTime } from "@loadline/kit/clock";
import { loadKnownKeys, readBundle } from "@loadline/validator";
import { checkBundle } from "../bundle-check.ts";
import { bundlePath } from "../bundle-path.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { createPaint, isColoured } from "../terminal/colour.ts";
import type { ExitCode } from "../process/host.ts";
import type { VerbContext } from "./verb.ts";

/** Exit 0 intact and equal, 1 tampered or different, 2 incomplete, 3 unreadable. */
export async function runVerify({ host, args, stateDir, json }: VerbContext): Promise<ExitCode> {
  const path = bundlePath(host.cwd, args.positionals[0] ?? "", stateDir);
  const files = await readBundle(path);
  const keys = loadKnownKeys(args.list("keys").map((file) => resolve(host.cwd, file)));
  const requireSignature = args.has("require-signature");
  const signatures = { keys, requireSignature, requirePq: args.has("require-pq") };
  const today = isoTime(host.clock).slice(0, 10);
  const result = await checkBundle(files, { signatures, today });
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
  for (const row of result.signatures) {
    const who = `${row.algorithm ?? "unknown key"} ${row.keyId.slice(0, 16)}`;
    host.stdout.write(`signature ${row.state}: ${cleanText(`${who} on ${row.file}`)}\n`);
  }
  for (const line of approvalsOf(result)) host.stdout.write(`approved ${line}\n`);
  for (const line of result.waivers) host.stdout.write(`waivers ${cleanText(line)}\n`);
  for (const line of result.proves) host.stdout.write(`proves: ${cleanText(line)}\n`);
  for (const line of result.doesNotProve) host.stdout.write(`does not prove: ${cleanText(line)}\n`);
  host.stdout.write(`${verifySentences[result.exit]}\n`);
  return result.exit;
}

/** One line for each sign-off that a known key stands for, however many keys signed it. */
function approvalsOf({ exit, signatures }: VerifyResult): ReadonlySet<string> {
  // Of another run, or of one that was changed since, it approves nothing here.
  if (exit === 1) return new Set();
  const lines = signatures.flatMap(({ state, approval }) => {
    if (state !== "valid" || approval === undefined) return [];
    const { by, role, reason, at } = approval;
    return [cleanText(`${at} by ${by} (${role}): ${reason}`)];
  });
  return new Set(lines);
}

const verifySentences = {
  0: "the bundle is intact and its verdicts follow from its evidence",
  1: "the bundle was changed, or its verdicts do not follow from its evidence",
  2: "the bundle is incomplete, or lacks a signature that is required",
  3: "the bundle cannot be read",
} as const;

function markOf(ok: boolean | null): string {
  if (ok === null) return "-";
  return ok ? "+" : "x";
}
