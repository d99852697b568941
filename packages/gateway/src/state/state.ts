import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import type { Random } from "@loadline/kit/random";
import { gatewayErrors } from "../errors.ts";
import { isAlive, type Owner, processStart } from "./owner.ts";
import { loadPepper } from "./pepper.ts";

export interface StateDeps {
  readonly clock: Clock;
  /** The machine's randomness: secrets are drawn from it. */
  readonly random: Random;
}

export interface StateOptions {
  /** Own the directory: one process at a time. Without it the state is shared (commands). */
  readonly exclusive?: boolean;
}

/** An open state directory. */
export interface State {
  readonly dir: string;
  readonly db: DatabaseSync;
  readonly pepper: Buffer;
  readonly clock: Clock;
  readonly random: Random;
  /** Grows when this or another connection has written. */
  version(): number;
  /** Gives up the ownership and closes the database. */
  close(): void;
}

const schemaVersion = 1;
const busyMs = 2000;
const applicationId = 0x6c6c6f61;

const schema = `
CREATE TABLE IF NOT EXISTS owner (only INTEGER PRIMARY KEY CHECK (only = 1),
  pid INTEGER NOT NULL, start_ticks INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, env TEXT NOT NULL, name TEXT NOT NULL,
  digest BLOB NOT NULL, old_digest BLOB, overlap_until INTEGER, created_at INTEGER NOT NULL,
  rotated_at INTEGER, expires_at INTEGER, revoked_at INTEGER) STRICT;
`;

/**
 * Opens or makes the state directory (mode 0700) with its database: WAL, synchronous=FULL.
 * LL_STATE_LOCKED names the pid of an owner that still runs; a dead one is replaced.
 */
export function openState(dir: string, deps: StateDeps, o: StateOptions = {}): State {
  const db = openDatabase(dir);
  try {
    const isNew = prepareSchema(db, dir);
    if (o.exclusive) takeOwnership(db, dir);
    const pepper = loadPepper(dir, isNew, deps.random);
    const dataVersion = db.prepare("PRAGMA data_version");
    const ownChanges = db.prepare("SELECT total_changes() AS n");
    const close = (): void => {
      if (!db.isOpen) return;
      if (o.exclusive) db.prepare("DELETE FROM owner WHERE pid = ?").run(process.pid);
      db.close();
    };
    const version = (): number =>
      Number(dataVersion.get()?.["data_version"]) + Number(ownChanges.get()?.["n"]);
    return { dir, db, pepper, clock: deps.clock, random: deps.random, version, close };
  } catch (cause) {
    db.close();
    if (cause instanceof LoadlineError) throw cause;
    throw gatewayErrors.make("LL_STATE_CORRUPT", `${dir}: ${describe(cause)}.`, { cause });
  }
}

function openDatabase(dir: string): DatabaseSync {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const path = join(dir, "loadline.db");
    const db = new DatabaseSync(path, { timeout: busyMs });
    chmodSync(path, 0o600);
    return db;
  } catch (cause) {
    throw gatewayErrors.make("LL_STATE_UNUSABLE", `${dir}: ${describe(cause)}.`, { cause });
  }
}

/** True when the database was empty. */
function prepareSchema(db: DatabaseSync, dir: string): boolean {
  const pragma = (name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
  const found = pragma("user_version");
  if (found > schemaVersion)
    throw gatewayErrors.make("LL_STATE_SCHEMA_NEWER", `${dir} has schema ${found}.`);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  const isNew = found === 0;
  if (!isNew && pragma("application_id") !== applicationId)
    throw gatewayErrors.make("LL_STATE_CORRUPT", `${dir} holds another program's database.`);
  db.exec("BEGIN IMMEDIATE");
  db.exec(schema);
  db.exec(`PRAGMA user_version = ${schemaVersion}; PRAGMA application_id = ${applicationId}`);
  db.exec("COMMIT");
  return isNew;
}

function takeOwnership(db: DatabaseSync, dir: string): void {
  db.exec("BEGIN IMMEDIATE");
  const row = db.prepare("SELECT pid, start_ticks FROM owner").get();
  const owner: Owner | undefined = row && {
    pid: Number(row["pid"]),
    startTicks: Number(row["start_ticks"]),
  };
  if (owner && isAlive(owner)) {
    db.exec("ROLLBACK");
    throw gatewayErrors.make("LL_STATE_LOCKED", `${dir} is in use by process ${owner.pid}.`);
  }
  db.prepare("INSERT OR REPLACE INTO owner (only, pid, start_ticks) VALUES (1, ?, ?)").run(
    process.pid,
    processStart(process.pid) ?? 0,
  );
  db.exec("COMMIT");
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
