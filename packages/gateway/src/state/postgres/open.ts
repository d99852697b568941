import type { Clock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import type { Pool } from "pg";
import { sqlStore } from "../sql/open.ts";
import type { Store, StoreTimes } from "../store.ts";
import type { Pong } from "../store-watch.ts";
import { pooledPostgres } from "./dialect.ts";
import { migratePostgres } from "./migrate.ts";
import {
  connectionsMax,
  connectionsMin,
  createPool,
  isServersAnswer,
  postgresError,
} from "./pool.ts";

const retryMs = 300;
const nowMs = "(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms";
const askTime = `SELECT ${nowMs}`;
const markTime = `INSERT INTO store_facts (name, value) VALUES ('store.written', $1)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING ${nowMs}`;
const callMsDefault = 1000;
/** Part of a call's bound that a ping may take. */
const pingShare = 0.75;

/**
 * Opens a PostgreSQL database (15 or later) and brings its schema forward. While the server does
 * not answer, calls are refused at once; the store comes back by itself. A server that is still
 * starting is waited for, up to `waitMs` (default 0). A call is bounded by `callMs` (default 1 s).
 */
export async function openPostgresStore(
  url: string,
  clock: Clock,
  o: {
    readonly waitMs?: number;
    readonly callMs?: number;
    readonly times?: StoreTimes | undefined;
  } = {},
): Promise<Store> {
  await migrateWithin(url, clock, o.waitMs ?? 0);
  const { callMs = callMsDefault, times } = o;
  const pool = createPool(url, callMs);
  return sqlStore({
    kind: "postgres",
    clock,
    dialect: pooledPostgres({ pool, clock, times }),
    ping: (isDoubtful) => pingOver(pool, isDoubtful ? String(clock.wallMs()) : undefined),
    connections: () => ({
      size: pool.totalCount,
      busy: pool.totalCount - pool.idleCount,
      waiting: pool.waitingCount,
      min: connectionsMin,
      max: connectionsMax,
    }),
    times,
    failsFast: true,
    callMs,
    pingMs: callMs * pingShare,
  });
}

/**
 * One round trip: two would take a distant server for a slow one. With a `text` to write; a server that
 * answers and takes no writes is there, and says so.
 */
async function pingOver(pool: Pool, text: string | undefined): Promise<Pong> {
  const client = await pool.connect();
  try {
    const isWrite = text !== undefined;
    const query = isWrite ? { text: markTime, values: [text] } : { text: askTime };
    const { rows } = await client.query<{ ms: number }>(query);
    client.release();
    return { storeMs: rows[0]?.ms };
  } catch (cause) {
    const isRefused = text !== undefined && isServersAnswer(cause);
    client.release(!isRefused);
    if (isRefused) return { code: "LL_STATE_READ_ONLY" };
    throw postgresError(cause);
  }
}

async function migrateWithin(url: string, clock: Clock, waitMs: number): Promise<void> {
  const untilMs = clock.monotonicMs() + waitMs;
  for (;;) {
    try {
      await migratePostgres(url);
      return;
    } catch (cause) {
      const isAway = cause instanceof LoadlineError && cause.code === "LL_STATE_UNAVAILABLE";
      if (!isAway || clock.monotonicMs() >= untilMs) throw cause;
      await clock.sleep(retryMs);
    }
  }
}
