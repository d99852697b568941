import type { Clock } from "@loadline/kit/clock";
import { sqlStore } from "../sql/open.ts";
import type { Store } from "../store.ts";
import { pooledPostgres } from "./dialect.ts";
import { migratePostgres } from "./migrate.ts";
import { createPool, postgresError } from "./pool.ts";

/**
 * Opens a PostgreSQL database (15 or later) and brings its schema forward. While the server does
 * not answer, calls are refused at once; the store comes back by itself.
 */
export async function openPostgresStore(url: string, clock: Clock): Promise<Store> {
  await migratePostgres(url);
  const pool = createPool(url);
  return sqlStore({
    kind: "postgres",
    clock,
    dialect: pooledPostgres(pool),
    async ping() {
      const client = await pool.connect();
      try {
        await client.query("SELECT 1");
        client.release();
      } catch (cause) {
        client.release(true);
        throw postgresError(cause);
      }
    },
    connections: () => ({
      size: pool.totalCount,
      busy: pool.totalCount - pool.idleCount,
      waiting: pool.waitingCount,
    }),
    failsFast: true,
    callMs: 1000,
    pingMs: 750,
  });
}
