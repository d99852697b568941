import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import { gatewayErrors } from "../errors.ts";
import { openStore } from "../state/open-store.ts";
import type { AuditFilter } from "../state/repositories.ts";
import { stateFile } from "../state/state.ts";
import type { Store } from "../state/store.ts";
import { parseHeads } from "./head.ts";
import { loadVerifyingKey } from "./signing-key.ts";
import { type AuditVerdict, verifyAuditLog } from "./verify.ts";

export interface OfflineAuditDeps {
  readonly clock: Clock;
  readonly stateDir: string;
  /** Address of the store; `sqlite:` is the state directory's own. */
  readonly sql: string;
}

/** The audit log of a store, read without a gateway. Entries are canonical JSON texts. */
export interface OfflineAudit extends AsyncDisposable {
  /** At most 1,000 entries. */
  query(filter: AuditFilter): Promise<readonly string[]>;
  /** Every tenant's entries in order, one call each; resolves to their number. */
  export(write: (entry: string) => void, tenantId?: string): Promise<number>;
  /** `heads`: the file of signed heads; `key`: the public key, default that of the state directory. */
  verify(o: { heads?: string | undefined; key?: string | undefined }): Promise<AuditVerdict>;
}

const pageMax = 1000;

/** Opens a store for reading its audit log. LL_AUDITLOG_UNREADABLE when it is not one. */
export async function openOfflineAudit(deps: OfflineAuditDeps): Promise<OfflineAudit> {
  const { sql, stateDir, clock } = deps;
  if (sql === "sqlite:" && !existsSync(join(stateDir, stateFile)))
    throw unreadable(`${stateDir} holds no database`);
  const store = await readable(() => openStore(sql, { clock, dir: stateDir }));
  const { audit } = store.repositories;
  return {
    query: async (filter) => {
      const rows = await readable(() => audit.query(filter));
      return rows.map((row) => row.entry);
    },
    export: (write, tenantId) => readable(() => exportAll(store, write, tenantId)),
    async verify({ heads, key }) {
      const verifying = loadVerifyingKey(stateDir, key);
      const file = heads === undefined ? undefined : parseHeads(readHeads(heads));
      return readable(() => verifyAuditLog({ audit, heads: file, key: verifying }));
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
}

async function exportAll(
  { repositories: { audit } }: Store,
  write: (entry: string) => void,
  only: string | undefined,
): Promise<number> {
  const tenants = (await audit.heads()).map((head) => head.tenantId);
  let count = 0;
  for (const tenantId of tenants.filter((id) => only === undefined || id === only)) {
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

function readHeads(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw gatewayErrors.make("LL_AUDITLOG_HEADS", `${path} cannot be read.`, { cause });
  }
}

/** What a store throws while it is read means that the log cannot be read. */
async function readable<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const why = cause instanceof LoadlineError ? cause.message : "the store failed";
    throw unreadable(why.replace(/\.$/, ""), cause);
  }
}

function unreadable(what: string, cause?: unknown): LoadlineError {
  return gatewayErrors.make("LL_AUDITLOG_UNREADABLE", `${what}.`, { cause });
}
