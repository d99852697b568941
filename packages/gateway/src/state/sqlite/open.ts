import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import { gatewayErrors } from "../../errors.ts";
import { sqlStore } from "../sql/open.ts";
import type { Store, StoreTimes } from "../store.ts";
import { checkPages, damagedDatabase } from "./damage.ts";
import { readingSqlite, threadedSqlite } from "./dialect.ts";
import { migrateSqlite } from "./migrate.ts";
import { writingPragmas } from "./pragmas.ts";
import { faultOf, isDamage, type SqlThreadPlan } from "./protocol.ts";
import { type SqlLane, SqlThread } from "./thread.ts";

const busyMs = 2000;
/** SQLite's code of a statement that it does not take: the file may hold other tables of ours. */
const statementFault = 1;
/** A disk under load may take seconds for a sync; nobody else can answer instead. */
const callMs = 5000;
/** Reads come with lists of the admin API and with a start, seldom with requests. */
const readerIdleMs = 5000;

/** Opens what writes: a thread of this process, or the way to the supervisor's. */
export type OpenWriter = (plan: SqlThreadPlan, clock: Clock) => SqlLane;

/**
 * Opens or makes the database of `path` and brings its schema forward. Commits happen in a thread
 * of their own, in groups; other processes may read and write the same file.
 */
export function openSqliteStore(
  path: string,
  clock: Clock,
  write?: OpenWriter,
  times?: StoreTimes,
): Store {
  prepare(path, clock.wallMs());
  const plan = { path, isReadOnly: false };
  const writer = write ? write(plan, clock) : new SqlThread(plan, clock);
  const reader = new SqlThread({ path, isReadOnly: true }, clock, readerIdleMs);
  const round = { sql: "SELECT 1", parameters: [] };
  const mark = {
    sql: "INSERT OR REPLACE INTO store_facts (name, value) VALUES ('store.written', ?)",
    parameters: [],
  };
  return sqlStore({
    kind: "sqlite",
    path,
    clock,
    dialect: threadedSqlite({ writer, reader }),
    quick: readingSqlite(path),
    async ping(isDoubtful) {
      const statement = isDoubtful ? { ...mark, parameters: [String(clock.wallMs())] } : round;
      await writer.query(0, statement);
      return {};
    },
    connections: () => ({
      size: 1 + Number(writer.isRunning) + Number(reader.isRunning),
      busy: Number(writer.pending > 0) + Number(reader.pending > 0),
      waiting: Math.max(0, writer.pending - 1) + Math.max(0, reader.pending - 1),
      min: 1,
      max: 3,
    }),
    times,
    failsFast: false,
    callMs,
    pingMs: callMs,
  });
}

function prepare(path: string, nowMs: number): void {
  named(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    using db = new DatabaseSync(path, { timeout: busyMs });
    chmodSync(path, 0o600);
    db.exec(writingPragmas);
    migrateSqlite(db, path, nowMs);
  });
}

/** Reads every page of a database that is there already. LL_STATE_CORRUPT, LL_STATE_UNUSABLE. */
export function checkDatabase(path: string): void {
  if (!existsSync(path)) return;
  named(path, () => {
    using db = new DatabaseSync(path, { timeout: busyMs });
    checkPages(db, path);
  });
}

/** What SQLite throws, as the store's codes. */
function named(path: string, run: () => void): void {
  try {
    run();
  } catch (cause) {
    if (cause instanceof LoadlineError) throw cause;
    const fault = faultOf(cause);
    const isStatement = (fault.errcode & 0xff) === statementFault;
    if (isDamage(fault) && !isStatement) throw damagedDatabase(path, fault.message, cause);
    throw gatewayErrors.make("LL_STATE_UNUSABLE", `${path}: ${fault.message}.`, { cause });
  }
}
