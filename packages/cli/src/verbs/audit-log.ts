import { appendFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  type AuditVerdict,
  loadConfig,
  type OfflineAudit,
  openOfflineAudit,
  sqlUrl,
} from "@loadline/gateway";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import type { VerbContext } from "./verb.ts";

/** 0 intact, 1 tampered, 2 not provable; 3 comes from errors. */
const exits = { intact: 0, tampered: 1, not_provable: 2 } as const;
const platformTenant = "*";

/** Reads, exports or verifies the audit log; a running gateway is not disturbed. */
export async function runAuditLog(context: VerbContext): Promise<ExitCode> {
  const { host, args, stateDir } = context;
  const config = loadConfig(args.text("config"), host.env, { stateDir });
  const sql = sqlUrl(config.stores.sql);
  await using log = await openOfflineAudit({ clock: host.clock, stateDir, sql });
  switch (args.positionals[0]) {
    case "verify":
      return await verify(context, log, config.auditLog.heads);
    case "export":
      return await exportLog(context, log);
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

function verdictLines({ status, problems, entries, tenants, covered }: AuditVerdict): string[] {
  const counts = `${entries} entries of ${tenants} tenants, ${covered} covered by signed heads`;
  if (status === "intact") return [`intact: ${counts}`];
  if (status === "not_provable") {
    const why = "no signed head was given, and a chain alone cannot show a cut tail";
    return [`not provable: ${counts}; ${why}`];
  }
  return problems.map(
    ({ tenant, seq, what }) => `tampered: ${cleanText(tenant)} seq ${seq}: ${what}`,
  );
}

async function exportLog({ host, args }: VerbContext, log: OfflineAudit): Promise<ExitCode> {
  const out = args.text("out");
  if (out === undefined) {
    await log.export((entry) => host.stdout.write(`${entry}\n`), args.text("tenant"));
    return 0;
  }
  const path = resolve(host.cwd, out);
  writeFileSync(path, "", { mode: 0o600 });
  const count = await log.export(
    (entry) => appendFileSync(path, `${entry}\n`),
    args.text("tenant"),
  );
  host.stdout.write(`${count} entries in ${cleanText(path)}\n`);
  return 0;
}

async function query({ host, args, json }: VerbContext, log: OfflineAudit): Promise<ExitCode> {
  const entries = await log.query({
    tenantId: args.text("tenant") ?? platformTenant,
    actorId: args.text("actor"),
    action: args.text("action"),
    objectId: args.text("object"),
    code: args.text("code"),
    fromMs: timeOf(args.text("from"), "from"),
    toMs: timeOf(args.text("to"), "to"),
    order: "desc",
    limit: 100,
  });
  const lines = json ? [`[${entries.join(",")}]`] : entries.map((entry) => cleanText(entry));
  host.stdout.write(`${lines.length === 0 ? "no entries" : lines.join("\n")}\n`);
  return 0;
}

function timeOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  throw cliErrors.make("LL_CLI_ARGUMENT", `--${name} is no time such as 2026-01-31T12:00:00Z.`);
}
