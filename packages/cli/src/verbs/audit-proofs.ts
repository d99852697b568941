import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { checkAuditProof, type OfflineAudit } from "@loadline/gateway";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { writeOutput } from "../write-output.ts";
import type { VerbContext } from "./verb.ts";

const platformTenant = "*";
const seqMax = Number.MAX_SAFE_INTEGER;

/** `audit-log prove`: writes the proof that an entry, or an earlier log, is in the signed one. */
export async function prove(
  { host, args, json }: VerbContext,
  log: OfflineAudit,
  heads: string | undefined,
): Promise<ExitCode> {
  const tenant = args.text("tenant") ?? platformTenant;
  const seq = args.count("seq", { min: 1, max: seqMax });
  const size = args.count("size", { min: 1, max: seqMax });
  if (seq !== undefined && size !== undefined)
    throw cliErrors.make("LL_CLI_ARGUMENT", "--seq and --size are two different proofs.");
  const keys = { heads, key: args.text("key"), tenant };
  const proof = await (seq === undefined
    ? log.proveConsistency({ ...keys, size })
    : log.proveEntry({ ...keys, seq }));
  const text = `${JSON.stringify(proof)}\n`;
  const out = args.text("out");
  if (out === undefined) host.stdout.write(text);
  else {
    const path = resolve(host.cwd, out);
    writeOutput(path, text, { mode: 0o600 });
    const said = json ? JSON.stringify({ kind: proof.kind, file: path }) : undefined;
    host.stdout.write(`${said ?? `${proof.kind} proof in ${cleanText(path)}`}\n`);
  }
  return 0;
}

/** `audit-log prove --check FILE`: 0 when the proof holds, 1 when it does not. */
export function checkProof({ host, args, stateDir, json }: VerbContext): ExitCode {
  const path = resolve(host.cwd, args.text("check") ?? "");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw cliErrors.make("LL_CLI_ARGUMENT", `--check: ${path} cannot be read.`, { cause });
  }
  const fault = checkAuditProof(text, { stateDir, key: args.text("key") });
  const holds = fault === undefined;
  const line = holds ? "the proof holds" : `no proof: ${fault}`;
  host.stdout.write(`${json ? JSON.stringify({ holds, fault: fault ?? null }) : line}\n`);
  return holds ? 0 : 1;
}
