import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gatewayErrors } from "../../errors.ts";
import { type Migration, schemaFacts, type SchemaState, stepsFor } from "../sql/migrations.ts";

/** `user_version` of every store of ours; the schema's own version stands in `store_facts`. */
const storeVersion = 1;
const applicationId = 0x6c6c6f61;
const backupsMax = 3;

/**
 * Brings a database to this program's schema: under a write lock, after a backup that was checked
 * (`backups/` beside it, the newest 3 are kept). True when it was empty. LL_STATE_SCHEMA_NEWER,
 * LL_STATE_CORRUPT, LL_STATE_BACKUP; on any of them nothing was changed.
 */
export function migrateSqlite(db: DatabaseSync, path: string, nowMs: number): boolean {
  const found = schemaOf(db, path);
  const steps = stepsFor(found, path);
  if (steps.length === 0) return false;
  db.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have been faster while this one waited for the lock.
    const now = schemaOf(db, path);
    const left = stepsFor(now, path);
    if (left.length > 0 && now.version > 0) backUp(path, now.version, nowMs);
    for (const step of left) applyStep(db, step);
    db.exec(`PRAGMA user_version = ${storeVersion}; PRAGMA application_id = ${applicationId}`);
    db.exec("COMMIT");
    return now.version === 0;
  } catch (cause) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw cause;
  }
}

function applyStep(db: DatabaseSync, step: Migration): void {
  for (const statement of step.statements("sqlite")) db.exec(statement);
  if (!hasFacts(db)) return;
  const put = db.prepare("INSERT OR REPLACE INTO store_facts (name, value) VALUES (?, ?)");
  put.run(schemaFacts.version, String(step.version));
  put.run(schemaFacts.readableFrom, String(step.readableFrom));
}

function schemaOf(db: DatabaseSync, path: string): SchemaState {
  const pragma = (name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
  const stamp = pragma("user_version");
  if (stamp === 0) return { version: 0, readableFrom: 0 };
  if (pragma("application_id") !== applicationId)
    throw gatewayErrors.make("LL_STATE_CORRUPT", `${path} is another program's database.`);
  if (stamp > storeVersion) return { version: stamp, readableFrom: stamp };
  if (!hasFacts(db)) return { version: 1, readableFrom: 1 };
  const get = db.prepare("SELECT value FROM store_facts WHERE name = ?");
  const number = (name: string): number => Number(get.get(name)?.["value"] ?? 1);
  return {
    version: number(schemaFacts.version),
    readableFrom: number(schemaFacts.readableFrom),
  };
}

function hasFacts(db: DatabaseSync): boolean {
  const found = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'store_facts'").get();
  return found !== undefined;
}

/** A copy of what is committed, read back and compared before anything is changed. */
function backUp(path: string, version: number, nowMs: number): void {
  const dir = join(dirname(path), "backups");
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "");
  const copy = join(dir, `loadline-v${version}-${stamp}.db`);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    using source = new DatabaseSync(path, { readOnly: true });
    source.prepare("VACUUM INTO ?").run(copy);
    chmodSync(copy, 0o600);
    using check = new DatabaseSync(copy, { readOnly: true });
    const verdict = check.prepare("PRAGMA integrity_check").get()?.["integrity_check"];
    const count = "SELECT count(*) AS n FROM keys";
    const isWhole = source.prepare(count).get()?.["n"] === check.prepare(count).get()?.["n"];
    if (verdict !== "ok" || !isWhole) throw new Error(`the copy ${copy} is not whole`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown";
    throw gatewayErrors.make("LL_STATE_BACKUP", `${copy}: ${reason}.`, { cause });
  }
  const copies = readdirSync(dir).filter((name) => /^loadline-v\d+-\w+\.db$/.test(name));
  const byAge = copies.toSorted((a, b) =>
    (a.split("-")[2] ?? "").localeCompare(b.split("-")[2] ?? ""),
  );
  for (const old of byAge.slice(0, -backupsMax)) rmSync(join(dir, old));
}
