import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { VerdictDocument } from "@loadline/contract";
import { isoTime } from "@loadline/kit/clock";
import {
  loadKnownKeys,
  readBundle,
  readReportModel,
  signApproval,
  validatorErrors,
} from "@loadline/validator";
import { signersOf } from "../accepted.ts";
import { bundlePath } from "../bundle-path.ts";
import { checkBundle } from "../bundle-check.ts";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import type { VerbContext } from "./verb.ts";

const textMax = 2_000;

function needed({ args }: VerbContext, name: string, least: number): string {
  const given = args.text(name);
  if (given === undefined) throw cliErrors.make("LL_CLI_VALUE", `--${name} is missing.`);
  const text = given.trim();
  if (text.length >= least && text.length <= textMax) return text;
  const message = `--${name} is a text of ${least} to ${textMax} characters.`;
  throw cliErrors.make("LL_CLI_VALUE", message);
}

function refuse(why: string): Error {
  return validatorErrors.make("LL_SIGN_REFUSED", why);
}

/** The verdict of a bundle somebody may sign today. @throws LL_SIGN_REFUSED */
async function readApprovable(
  { host, args }: VerbContext,
  path: string,
  today: string,
): Promise<VerdictDocument> {
  if (!statSync(path).isDirectory()) throw refuse(`${path} is an archive; give its folder.`);
  const files = await readBundle(path);
  const keys = loadKnownKeys(args.list("keys").map((file) => resolve(host.cwd, file)));
  const checked = await checkBundle(files, { signatures: { keys }, today });
  if (checked.exit !== 0) {
    const step = checked.steps.find(({ ok }) => ok === false) ?? checked.steps[0];
    throw refuse(`verify says exit ${checked.exit}: ${cleanText(step?.message ?? "")}`);
  }
  if (checked.outcome !== "READY") throw refuse(`The outcome is ${checked.outcome ?? "unknown"}.`);
  const { verdict } = readReportModel(files);
  const over = (verdict.waivers?.applied ?? []).filter(
    ({ expires }) => expires !== undefined && expires < today,
  );
  if (over.length === 0) return verdict;
  throw refuse(`Expired since: ${over.map(({ claim }) => claim).join(", ")}.`);
}

/**
 * Signs off a bundle: who, in which role, why, which waivers were accepted. Refused unless the bundle
 * recomputes, is READY and its waivers still hold today. @throws LL_SIGN_REFUSED, LL_SIGN_NO_KEY
 */
export async function runApprove(context: VerbContext): Promise<ExitCode> {
  const { host, args, stateDir, json } = context;
  const by = needed(context, "by", 2);
  const role = needed(context, "role", 2);
  const reason = needed(context, "reason", 10);
  const signers = signersOf(host, args);
  if (signers.length === 0) throw validatorErrors.make("LL_SIGN_NO_KEY", "No key was given.");
  const path = bundlePath(host.cwd, args.positionals[0] ?? "", stateDir);
  const at = isoTime(host.clock);
  const verdict = await readApprovable(context, path, at.slice(0, 10));
  const file = signApproval(path, verdict, { approval: { by, role, reason, at }, signers });
  const acceptedWaivers = verdict.waivers?.applied.map(({ claim }) => claim) ?? [];
  const shown = { file, by, role, reason, at, run: verdict.run, acceptedWaivers };
  const who = cleanText(`approved ${verdict.run} by ${by} (${role})`);
  const text = `${who}, ${acceptedWaivers.length} waivers accepted\n${file}\n`;
  host.stdout.write(json ? `${JSON.stringify(shown, null, 2)}\n` : text);
  return 0;
}
