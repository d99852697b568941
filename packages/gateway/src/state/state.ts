import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import type { Random } from "@loadline/kit/random";
import { gatewayErrors } from "../errors.ts";
import { isAlive, type Owner, processStart } from "./owner.ts";
import { loadPepper } from "./pepper.ts";
import { checkPages, damagedDatabase } from "./sqlite/damage.ts";
import { migrateSqlite } from "./sqlite/migrate.ts";
import { writingPragmas } from "./sqlite/pragmas.ts";
import { faultOf, isDamage } from "./sqlite/protocol.ts";

export interface StateDeps {
  readonly clock: Clock;
  /** The machine's randomness: secrets are drawn from it. */
  readonly random: Random;
}

export interface StateOptions {
  /**
   * Own the directory: one process at a time, which reads all of the database before it uses it.
   * Without it the state is shared (commands).
   */
  readonly exclusive?: boolean;
}

/** An open state directory: its owner, its pepper and the database of `sqlite:`. */
export interface State {
  readonly dir: string;
  readonly pepper: Buffer;
  /** Gives up the ownership. */
  close(): void;
}

const busyMs = 2000;
/** The database within a state directory. */
export const stateFile = "loadline.db";

const ownerTable = `
CREATE TABLE IF NOT EXISTS owner (only INTEGER PRIMARY KEY CHECK (only = 1),
  pid INTEGER NOT NULL, start_ticks INTEGER NOT NULL) STRICT;
`;

/**
 * Opens or makes the state directory (mode 0700) with its database: WAL, synchronous=FULL.
 * LL_STATE_LOCKED names the pid of an owner that still runs; a dead one is replaced.
 */
export function openState(dir: string, deps: StateDeps, o: StateOptions = {}): State {
  const db = openDatabase(dir);
  try {
    db.exec(writingPragmas);
    if (o.exclusive) {
      refuseOwned(db, dir);
      checkPages(db, join(dir, stateFile));
    }
    const isNew = migrateSqlite(db, join(dir, stateFile), deps.clock.wallMs());
    db.exec(ownerTable);
    if (o.exclusive) takeOwnership(db, dir);
    const pepper = loadPepper(dir, isNew, deps.random);
    const close = (): void => {
      if (!db.isOpen) return;
      if (o.exclusive) db.prepare("DELETE FROM owner WHERE pid = ?").run(process.pid);
      db.close();
    };
    return { dir, pepper, close };
  } catch (cause) {
    db.close();
    if (cause instanceof LoadlineError) throw cause;
    const fault = faultOf(cause);
    // A full disk or a lock is no reason to take a backup out.
    if (isDamage(fault)) throw damagedDatabase(join(dir, stateFile), fault.message, cause);
    throw gatewayErrors.make("LL_STATE_UNUSABLE", `${dir}: ${fault.message}.`, { cause });
  }
}

function openDatabase(dir: string): DatabaseSync {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const path = join(dir, stateFile);
    const db = new DatabaseSync(path, { timeout: busyMs });
    chmodSync(path, 0o600);
    return db;
  } catch (cause) {
    throw gatewayErrors.make("LL_STATE_UNUSABLE", `${dir}: ${describe(cause)}.`, { cause });
  }
}

/** Throws LL_STATE_LOCKED while an owner runs; of a database that was never owned there is none. */
function refuseOwned(db: DatabaseSync, dir: string): void {
  const isKnown = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'owner'").get();
  const row = isKnown && db.prepare("SELECT pid, start_ticks FROM owner").get();
  const owner: Owner | undefined = row && {
    pid: Number(row["pid"]),
    startTicks: Number(row["start_ticks"]),
  };
  if (owner && isAlive(owner))
    throw gatewayErrors.make("LL_STATE_LOCKED", `${dir} is in use by process ${owner.pid}.`);
}

function takeOwnership(db: DatabaseSync, dir: string): void {
  db.exec("BEGIN IMMEDIATE");
  // A transaction that is left so ends with its connection.
  refuseOwned(db, dir);
  db.prepare("INSERT OR REPLACE INTO owner (only, pid, start_ticks) VALUES (1, ?, ?)").run(
    process.pid,
    processStart(process.pid) ?? 0,
  );
  db.exec("COMMIT");
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
