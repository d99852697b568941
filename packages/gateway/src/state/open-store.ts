import { join, resolve } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { gatewayErrors } from "../errors.ts";
import { checkDatabase, type OpenWriter, openSqliteStore } from "./sqlite/open.ts";
import { stateFile } from "./state.ts";
import type { Store, StoreTimes } from "./store.ts";

export interface OpenStoreDeps {
  readonly clock: Clock;
  /** The state directory: `sqlite:` is the database in it. */
  readonly dir: string;
  /** How long a server that is not there yet is waited for; default 0. */
  readonly waitMs?: number;
  /** Read every page of a SQLite file that is not the state directory's own; default false. */
  readonly checksPages?: boolean;
  /** What writes to SQLite; by default a thread of this process. */
  readonly writer?: OpenWriter | undefined;
  /** Who is told how long calls take; absent: nobody. */
  readonly times?: StoreTimes;
}

/**
 * Opens the store of an address: `sqlite:` (the state directory's own), `sqlite:PATH` or
 * `postgres://user@host:port/database`; its schema is brought forward first. Rejects with
 * LL_STATE_URL, LL_STATE_UNAVAILABLE, LL_STATE_SCHEMA_NEWER, LL_STATE_MIGRATION, LL_STATE_CORRUPT.
 */
export async function openStore(url: string, deps: OpenStoreDeps): Promise<Store> {
  const path = sqlitePath(url, deps.dir);
  if (path !== undefined) {
    // Who owns the directory has read the one in it.
    const isElsewhere = path !== join(deps.dir, stateFile);
    if (deps.checksPages === true && isElsewhere) checkDatabase(path);
    return openSqliteStore(path, deps.clock, deps.writer, deps.times);
  }
  if (/^postgres(ql)?:\/\//.test(url)) {
    // The driver costs a start without PostgreSQL nothing.
    const { openPostgresStore } = await import("./postgres/open.ts");
    return openPostgresStore(url, deps.clock, deps);
  }
  throw gatewayErrors.make("LL_STATE_URL", "stores.sql names no store that is known.");
}

/** The file of a `sqlite:` address, by default the state directory's own; undefined for any other. */
export function sqlitePath(url: string, dir: string): string | undefined {
  const path = /^sqlite:(.*)$/s.exec(url)?.[1];
  return path === "" ? join(dir, stateFile) : path && resolve(path);
}
