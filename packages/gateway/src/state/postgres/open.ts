import type { Clock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import { sqlStore } from "../sql/open.ts";
import type { Store, StoreTimes } from "../store.ts";
import { pooledPostgres } from "./dialect.ts";
import { migratePostgres } from "./migrate.ts";
import { connectionsMax, connectionsMin, createPool, postgresError } from "./pool.ts";

const retryMs = 300;
const askTime = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms";
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
    async ping() {
      const client = await pool.connect();
      try {
        const { rows } = await client.query<{ ms: number }>(askTime);
        client.release();
        return rows[0]?.ms;
      } catch (cause) {
        client.release(true);
        throw postgresError(cause);
      }
    },
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
