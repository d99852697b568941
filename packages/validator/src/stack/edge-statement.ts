import type { StackEdge } from "./manifest.ts";
import type { StackContext, StackSeen } from "./probe.ts";
import type { ServiceOf } from "./services/index.ts";
import { NothingThere, WireFault } from "./wire/fault.ts";
import { psql, useCatalog } from "./wire/postgres-session.ts";

type Database = StackContext<ServiceOf<"postgres"> | ServiceOf<"timescaledb">>;

const now = "select extract(epoch from clock_timestamp())::text";

/** Text as a constant of SQL; `%` and `_` stand for themselves. */
const beginning = (text: string): string =>
  `'${text.replace(/[\\%_]/g, (sign) => `\\${sign}`).replaceAll("'", "''")}%'`;

const isDatabase = (context: StackContext): context is Database =>
  context.service.kind === "postgres" || context.service.kind === "timescaledb";

/**
 * The database's own time, s since 1970, before anything is sent; null where nobody asks for it.
 * @throws WireFault where the database does not say.
 */
export async function timeAt(context: StackContext, edge: StackEdge): Promise<string | null> {
  if (edge.find?.statement === undefined || !isDatabase(context)) return null;
  const [[time = null] = []] = await useCatalog(context, (session) => session.query(now));
  if (time === null) throw new WireFault("protocol", `${context.name} does not tell its time`);
  return time;
}

/**
 * That the database's own statistics tell of another session that has run the declared statement
 * since then. They tell of the last statement of each session that is open, so that none of them
 * proves nothing. @throws NothingThere for none, and where the login may not see what others run.
 */
export async function ranStatement(
  context: StackContext,
  edge: StackEdge,
  since: string,
): Promise<StackSeen | null> {
  const statement = edge.find?.statement;
  if (statement === undefined || !isDatabase(context)) return null;
  // Of the sessions of others a login without pg_read_all_stats sees neither type nor statement.
  const others =
    "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and coalesce(backend_type, 'client backend') = 'client backend'";
  const ran = `query ilike ${beginning(statement)} and extract(epoch from query_start) >= ${Number(since)}`;
  const hidden = "query = '<insufficient privilege>'";
  const sql = `select count(*) filter (where ${ran}), count(*) filter (where ${hidden}) ${others}`;
  const [[own = null, unseen = null] = []] = await useCatalog(context, (s) => s.query(sql));
  if (!(Number(own) > 0)) {
    const { user } = context.service;
    if (Number(unseen) > 0)
      throw new NothingThere(
        `${user} may not see what ${unseen} sessions run (pg_read_all_stats).`,
      );
    throw new NothingThere(
      `No other session of ${context.name} ran ${statement} last: one that went on to COMMIT or another statement, or is closed, tells nothing of it.`,
    );
  }
  const seen = `${context.name} tells of ${own} other sessions that ran ${statement}.`;
  return { ok: true, seen, reproduce: psql(context, sql) };
}
