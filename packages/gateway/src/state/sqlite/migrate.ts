import { chmodSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LoadlineError } from "@loadline/kit/errors";
import { gatewayErrors } from "../../errors.ts";
import { type Migration, schemaFacts, type SchemaState, stepsFor } from "../sql/migrations.ts";
import { copiesDir, copiesOf, copyPath } from "./copies.ts";
import { checkPages } from "./damage.ts";

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

/**
 * What is applied to the database of `path`, of which every page was read; undefined where there is
 * none yet. The steps that a start would take were tried on a copy in `scratchDir`, without any on an
 * empty database.
 * LL_STATE_SCHEMA_NEWER, LL_STATE_CORRUPT, LL_STATE_MIGRATION.
 */
export function rehearseSqlite(
  path: string,
  scratchDir: string,
  nowMs: number,
): SchemaState | undefined {
  using source = existsSync(path) ? new DatabaseSync(path, { readOnly: true }) : undefined;
  if (source) checkPages(source, path);
  const found = source && schemaOf(source, path);
  const isBehind = found !== undefined && stepsFor(found, path).length > 0;
  const copy = isBehind ? join(scratchDir, "copy.db") : ":memory:";
  if (isBehind) source?.prepare("VACUUM INTO ?").run(copy);
  using db = new DatabaseSync(copy);
  try {
    migrateSqlite(db, copy, nowMs);
  } catch (cause) {
    if (cause instanceof LoadlineError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw gatewayErrors.make("LL_STATE_MIGRATION", `${path}: ${message}.`, { cause });
  }
  return found;
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
  const copy = copyPath(path, version, nowMs);
  try {
    mkdirSync(copiesDir(path), { recursive: true, mode: 0o700 });
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
  for (const old of copiesOf(path).slice(0, -backupsMax)) rmSync(old);
}
