import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import { gatewayErrors } from "../errors.ts";
import { openStore } from "../state/open-store.ts";
import type { AuditFilter } from "../state/repositories.ts";
import { stateFile } from "../state/state.ts";
import type { Store } from "../state/store.ts";
import { chainBegin, checkpointText, readCheckpoint, startOf } from "./checkpoint.ts";
import { type HeadFile, isHeadSigned, parseHeads } from "./head.ts";
import { type AuditProof, proveConsistency, proveEntry } from "./prove.ts";
import {
  planPurge,
  purgeChain,
  type PurgedChain,
  type PurgeInput,
  retentionLimitMs,
} from "./purge.ts";
import { loadSigningKey, loadVerifyingKey, type VerifyingKey } from "./signing-key.ts";
import { type AuditVerdict, verifyAuditLog } from "./verify.ts";

export interface OfflineAuditDeps {
  readonly clock: Clock;
  readonly stateDir: string;
  /** Address of the store; `sqlite:` is the state directory's own. */
  readonly sql: string;
}

/** Where signed heads and the public key are; by default none, and that of the state directory. */
export interface AuditKeys {
  readonly heads?: string | undefined;
  readonly key?: string | undefined;
}

export interface PurgeOptions {
  readonly heads?: string | undefined;
  /** One tenant; absent: all. */
  readonly tenant?: string | undefined;
  /** Days that stay whatever `beforeMs` says. */
  readonly retentionDays: number;
  /** Only what was recorded before; rounded down to a UTC midnight. */
  readonly beforeMs?: number | undefined;
  /** Says what would go, and removes nothing. */
  readonly isPlan: boolean;
}

/** The audit log of a store, without a gateway. Entries are canonical JSON texts. */
export interface OfflineAudit extends AsyncDisposable {
  /** At most 1,000 entries. */
  query(filter: AuditFilter): Promise<readonly string[]>;
  /** Every tenant's entries in order, one call each; resolves to their number. */
  export(write: (entry: string) => void, tenantId?: string): Promise<number>;
  /** The signed checkpoints of all tenants, or of one, as JSON lines' texts. */
  checkpoints(tenantId?: string): Promise<readonly string[]>;
  verify(o: AuditKeys): Promise<AuditVerdict>;
  /** LL_AUDITLOG_PROOF for an entry that no signed head covers. */
  proveEntry(o: AuditKeys & { tenant: string; seq: number }): Promise<AuditProof>;
  /** That the log of an earlier head (of `size`; absent: the first) is the beginning of the last's. */
  proveConsistency(
    o: AuditKeys & { tenant: string; size: number | undefined },
  ): Promise<AuditProof>;
  /** Removes whole days behind signed checkpoints. LL_AUDITLOG_TAMPERED when the log is not sound. */
  purge(o: PurgeOptions): Promise<readonly PurgedChain[]>;
}

const pageMax = 1000;

/** Opens a store for its audit log. LL_AUDITLOG_UNREADABLE when it is not one. */
export async function openOfflineAudit(deps: OfflineAuditDeps): Promise<OfflineAudit> {
  const { sql, stateDir, clock } = deps;
  if (sql === "sqlite:" && !existsSync(join(stateDir, stateFile)))
    throw unreadable(`${stateDir} holds no database`);
  const store = await readable(() => openStore(sql, { clock, dir: stateDir }));
  const { audit } = store.repositories;
  const prepare = async ({ heads, key, tenant }: AuditKeys & { tenant: string }) => {
    const verifying = loadVerifyingKey(stateDir, key);
    const start = await readable(() => startFor(store, tenant, verifying));
    return { audit, heads: headsFrom(heads), key: verifying, tenant, start };
  };
  return {
    query: async (filter) => {
      const rows = await readable(() => audit.query(filter));
      return rows.map((row) => row.entry);
    },
    export: (write, tenantId) => readable(() => exportAll(store, write, tenantId)),
    checkpoints: (tenantId) => readable(() => allCheckpoints(store, tenantId)),
    async verify({ heads, key }) {
      const isAsked = heads !== undefined || key !== undefined;
      const verifying = isAsked ? loadVerifyingKey(stateDir, key) : keyWhenNeeded(stateDir);
      const file = heads === undefined ? undefined : headsFrom(heads);
      return readable(() => verdictOf(store, file, verifying));
    },
    proveEntry: async (o) => proveEntry(await prepare(o), o.seq),
    proveConsistency: async (o) => proveConsistency(await prepare(o), o.size),
    purge: (o) => purgeAll(store, deps, o),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

/** A gateway that signs no heads makes no key, and without heads and checkpoints none is needed. */
function keyWhenNeeded(stateDir: string): VerifyingKey {
  return {
    get id() {
      return loadVerifyingKey(stateDir).id;
    },
    isSigned: (text, signature) => loadVerifyingKey(stateDir).isSigned(text, signature),
  };
}

function verdictOf(store: Store, heads: HeadFile | undefined, key: VerifyingKey) {
  const { audit, facts } = store.repositories;
  const checkpointOf = (tenant: string) => checkpointText(facts, tenant);
  return verifyAuditLog({ audit, heads, key, checkpointOf });
}

/** Nothing is removed of a log that is not what was written. */
async function purgeAll(
  store: Store,
  { clock, stateDir }: OfflineAuditDeps,
  o: PurgeOptions,
): Promise<PurgedChain[]> {
  const signing = loadSigningKey(stateDir);
  const key = loadVerifyingKey(stateDir);
  const heads = o.heads === undefined ? undefined : headsFrom(o.heads);
  const { problems } = await readable(() => verdictOf(store, heads, key));
  const [problem] = problems;
  if (problem) {
    const { tenant, seq, what } = problem;
    throw gatewayErrors.make("LL_AUDITLOG_TAMPERED", `${tenant} seq ${seq}: ${what}`);
  }
  const limitMs = retentionLimitMs(clock.wallMs(), o.retentionDays);
  const wantedMs = retentionLimitMs(o.beforeMs ?? limitMs, 0);
  const purged: PurgedChain[] = [];
  for (const tenant of await tenantsOf(store, o.tenant)) {
    const input: PurgeInput = {
      clock,
      store,
      key: signing,
      beforeMs: Math.min(limitMs, wantedMs),
      tenant,
      start: await startFor(store, tenant, key),
      covered: heads && coveredBy(heads, tenant, key),
    };
    const one = await (o.isPlan ? planPurge(input) : purgeChain(input));
    if (one) purged.push(one);
  }
  return purged;
}

function coveredBy({ heads }: HeadFile, tenant: string, key: VerifyingKey): number {
  const own = heads.filter((head) => head.tenant === tenant && isHeadSigned(head, key));
  return Math.max(0, ...own.map(({ size }) => size));
}

async function startFor({ repositories: { facts } }: Store, tenant: string, key: VerifyingKey) {
  const text = await checkpointText(facts, tenant);
  return text === undefined ? chainBegin : startOf(readCheckpoint(text, tenant, key));
}

async function tenantsOf(store: Store, only: string | undefined): Promise<string[]> {
  const tenants = (await store.repositories.audit.heads()).map((head) => head.tenantId);
  return tenants.filter((id) => only === undefined || id === only);
}

async function exportAll(
  store: Store,
  write: (entry: string) => void,
  only: string | undefined,
): Promise<number> {
  const { audit } = store.repositories;
  let count = 0;
  for (const tenantId of await tenantsOf(store, only)) {
    for (let afterSeq = 0; ;) {
      const rows = await audit.query({ tenantId, afterSeq, order: "asc", limit: pageMax });
      const last = rows.at(-1);
      if (!last) break;
      for (const row of rows) write(row.entry);
      count += rows.length;
      afterSeq = last.seq;
    }
  }
  return count;
}

async function allCheckpoints(store: Store, only: string | undefined): Promise<string[]> {
  const texts: string[] = [];
  for (const tenantId of await tenantsOf(store, only)) {
    const text = await checkpointText(store.repositories.facts, tenantId);
    if (text !== undefined) texts.push(text);
  }
  return texts;
}

/** Without a file there are no heads. */
function headsFrom(path: string | undefined): HeadFile {
  if (path === undefined) return { heads: [], badLines: [] };
  try {
    return parseHeads(readFileSync(path, "utf8"));
  } catch (cause) {
    throw gatewayErrors.make("LL_AUDITLOG_HEADS", `${path} cannot be read.`, { cause });
  }
}

const keyCodes: readonly string[] = ["LL_AUDITLOG_KEY", "LL_AUDITLOG_PUBLIC_KEY"];

/** What a store throws while it is read means that the log cannot be read; a key has its own code. */
async function readable<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof LoadlineError && keyCodes.includes(cause.code)) throw cause;
    const why = cause instanceof LoadlineError ? cause.message : "the store failed";
    throw unreadable(why.replace(/\.$/, ""), cause);
  }
}

function unreadable(what: string, cause?: unknown): LoadlineError {
  return gatewayErrors.make("LL_AUDITLOG_UNREADABLE", `${what}.`, { cause });
}
