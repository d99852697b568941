import { appendFileSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  type AuditVerdict,
  gatewayErrors,
  type OfflineAudit,
  openOfflineAudit,
  sqlUrl,
} from "@loadline/gateway";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { writeOutput } from "../write-output.ts";
import { checkProof, prove } from "./audit-proofs.ts";
import { purge } from "./audit-purge.ts";
import { storeConfig } from "./identity-store.ts";
import { timeOf } from "./time-option.ts";
import type { VerbContext } from "./verb.ts";

/** 0 intact, 1 tampered, 2 not provable; 3 comes from errors. */
const exits = { intact: 0, tampered: 1, not_provable: 2 } as const;
const platformTenant = "*";
const pageDefault = 100;
const pageMax = 1000;

/** Reads, exports, verifies, proves or purges the audit log; a running gateway is not disturbed. */
export async function runAuditLog(context: VerbContext): Promise<ExitCode> {
  const { host, args } = context;
  const [what] = args.positionals;
  if (what === "prove" && args.text("check") !== undefined) return checkProof(context);
  const config = await storeConfig(context);
  const { stateDir } = config;
  const { heads, retentionDays } = config.auditLog;
  const sql = sqlUrl(config.stores.sql);
  await using log = await openOfflineAudit({ clock: host.clock, stateDir, sql });
  switch (what) {
    case "verify":
      return await verify(context, log, heads);
    case "prove":
      return await prove(context, log, args.text("heads") ?? heads);
    case "export":
      return await exportLog(context, log, args.text("heads") ?? heads);
    case "purge":
      return await purge(context, log, { heads: args.text("heads") ?? heads, retentionDays });
    default:
      return await query(context, log);
  }
}

async function verify(
  { host, args, json }: VerbContext,
  log: OfflineAudit,
  configured: string | undefined,
): Promise<ExitCode> {
  const verdict = await log.verify({
    heads: args.text("heads") ?? configured,
    key: args.text("key"),
  });
  const text = json ? JSON.stringify(verdict) : verdictLines(verdict).join("\n");
  host.stdout.write(`${text}\n`);
  return exits[verdict.status];
}

function verdictLines(verdict: AuditVerdict): string[] {
  const { status, problems, entries, tenants, covered, purged } = verdict;
  const gone = purged > 0 ? `, ${purged} removed behind signed checkpoints` : "";
  const counts = `${entries} entries of ${tenants} tenants, ${covered} covered by signed heads${gone}`;
  if (status === "intact") return [`intact: ${counts}`];
  if (status === "not_provable") {
    const why = "no signed head was given, and a chain alone cannot show a cut tail";
    return [`not provable: ${counts}; ${why}`];
  }
  return problems.map(
    ({ tenant, seq, what }) => `tampered: ${cleanText(tenant)} seq ${seq}: ${what}`,
  );
}

/** With `--out`, the heads and the checkpoints go into files beside the entries. */
async function exportLog(
  { host, args, json }: VerbContext,
  log: OfflineAudit,
  heads: string | undefined,
): Promise<ExitCode> {
  const out = args.text("out");
  const tenant = args.text("tenant");
  if (out === undefined) {
    await exportTo((text) => host.stdout.write(text), { log, tenant, json });
    return 0;
  }
  const path = resolve(host.cwd, out);
  writeOutput(path, "", { mode: 0o600 });
  const count = await log.export((entry) => appendFileSync(path, `${entry}\n`), tenant);
  const lines = await log.checkpoints(tenant);
  const beside = (name: string): string => `${path}.${name}`;
  if (lines.length > 0)
    writeOutput(beside("checkpoints"), `${lines.join("\n")}\n`, { mode: 0o600 });
  if (heads !== undefined) writeOutput(beside("heads"), readHeads(heads), { mode: 0o600 });
  const signed = heads === undefined ? "" : `, signed heads in ${cleanText(beside("heads"))}`;
  const text = json
    ? JSON.stringify({ entries: count, file: path })
    : `${count} entries in ${cleanText(path)}${signed}`;
  host.stdout.write(`${text}\n`);
  return 0;
}

/** An entry a line, or one list of them with `json`. */
async function exportTo(
  write: (text: string) => void,
  o: { readonly log: OfflineAudit; readonly tenant: string | undefined; readonly json: boolean },
): Promise<void> {
  if (!o.json) {
    await o.log.export((entry) => write(`${entry}\n`), o.tenant);
    return;
  }
  let before = "[";
  await o.log.export((entry) => {
    write(`${before}${entry}`);
    before = ",";
  }, o.tenant);
  write(before === "[" ? "[]\n" : "]\n");
}

function readHeads(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw gatewayErrors.make("LL_AUDITLOG_HEADS", `${path} cannot be read.`, { cause });
  }
}

async function query({ host, args, json }: VerbContext, log: OfflineAudit): Promise<ExitCode> {
  const afterSeq = args.count("after", { min: 0, max: Number.MAX_SAFE_INTEGER });
  const entries = await log.query({
    tenantId: args.text("tenant") ?? platformTenant,
    actorId: args.text("actor"),
    action: args.text("action"),
    objectId: args.text("object"),
    code: args.text("code"),
    fromMs: timeOf(args.text("from"), "from"),
    toMs: timeOf(args.text("to"), "to"),
    afterSeq,
    order: afterSeq === undefined ? "desc" : "asc",
    limit: args.count("limit", { min: 1, max: pageMax }) ?? pageDefault,
  });
  const lines = json ? [`[${entries.join(",")}]`] : entries.map((entry) => cleanText(entry));
  host.stdout.write(`${lines.length === 0 ? "no entries" : lines.join("\n")}\n`);
  return 0;
}
