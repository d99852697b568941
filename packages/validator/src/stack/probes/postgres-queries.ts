import type { StackSeen } from "../probe.ts";
import { textFault } from "../services/expectation.ts";
import { PostgresError, type PostgresSession } from "../wire/postgres.ts";
import {
  type PostgresContext,
  type PostgresService,
  psql,
  usePostgres,
} from "../wire/postgres-session.ts";
import type { PostgresProbe } from "./postgres.ts";

type Query = PostgresService["queries"][string];

/** What is wrong with the answer of one statement; null when it is as declared. */
async function queryFault(
  context: PostgresContext,
  session: PostgresSession,
  { sql, ...expected }: Query,
): Promise<string | null> {
  await session.query("begin transaction read only");
  try {
    await session.query(`set local statement_timeout = ${context.timeoutMs}`);
    const [[first = null] = []] = await session.execute(sql, []);
    const fault = textFault(expected, first ?? "");
    return fault === null ? null : `gave what ${fault}`;
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    return `was refused: ${error.state} ${error.message}`;
  } finally {
    await session.query("rollback");
  }
}

/** Declared queries, each in a transaction that can change nothing. */
export const postgresQueries: PostgresProbe = {
  check: "queries",
  summary: "declared queries",
  needs: ["login"],
  checklist: ["R1-37"],
  severity: "high",
  claim({ queries }) {
    const parts = Object.keys(queries);
    if (parts.length === 0) return null;
    return {
      statement: `each of ${parts.join(", ")} gives what is declared`,
      category: "Testing & Quality",
      rationale: "A database that answers may still be empty.",
      parts,
    };
  },
  saboteur: [{ when: "select count(*) as orders", reply: '[["0"]]' }],
  run: (context) =>
    usePostgres(context, async (session) => {
      const all: StackSeen[] = [];
      for (const [part, query] of Object.entries(context.service.queries)) {
        const fault = await queryFault(context, session, query);
        const seen = `${part}: it ${fault ?? "gave what is declared"}.`;
        all.push({ part, ok: fault === null, seen, reproduce: psql(context, query.sql) });
      }
      return all;
    }),
};
