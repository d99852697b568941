import { LacksFeature, NothingThere } from "../wire/fault.ts";
import { PostgresError } from "../wire/postgres.ts";
import { inPostgres, type PostgresContext, psql, useCatalog } from "../wire/postgres-session.ts";
import type { PostgresProbe } from "./postgres.ts";

const shared = { needs: ["login"], severity: "high" } as const;
const held = "select pg_sleep(0.01)";
const lookMs = 20;
/** When nobody has come in for this long, what is before the server lets the others wait. */
const stallMs = 500;

const majorOf = (context: PostgresContext): number =>
  Number.parseInt(context.facts.get("version") ?? "", 10);

/** Holds sessions until all are in or refused, or nobody more is let in. */
interface Gate {
  inside: number;
  refused: number;
  changedMs: number;
  isOpen: boolean;
}

async function keepGate(context: PostgresContext, gate: Gate, sessions: number): Promise<void> {
  const isFull = (): boolean => gate.inside + gate.refused >= sessions;
  const isStalled = (): boolean => context.clock.monotonicMs() - gate.changedMs > stallMs;
  while (!isFull() && !(gate.inside > 0 && isStalled())) {
    await context.clock.sleep(lookMs, context.signal);
  }
  gate.isOpen = true;
}

/** Milliseconds one session waited and was served, or the words with which it was refused. */
async function oneSession(context: PostgresContext, gate: Gate): Promise<number | string> {
  const { clock } = context;
  const beganMs = clock.monotonicMs();
  const changed = (): number => (gate.changedMs = clock.monotonicMs());
  try {
    return await inPostgres(context, async (session) => {
      gate.inside++;
      const inMs = changed();
      while (!gate.isOpen) await clock.sleep(lookMs, context.signal);
      const openMs = clock.monotonicMs();
      await session.query(held);
      return inMs - beganMs + (clock.monotonicMs() - openMs);
    });
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    gate.refused++;
    changed();
    return `${error.state} ${error.message}`;
  }
}

const pool: PostgresProbe = {
  ...shared,
  check: "pool",
  summary: "sessions at once",
  checklist: ["R1-10"],
  claim: ({ pool: declared }) =>
    declared === undefined
      ? null
      : {
          statement: `${declared.sessions} sessions asked for at once are all answered, each within ${declared.waitMsMax} ms`,
          category: "Performance & Capacity",
          rationale: "A pool that is full is to let the next one wait, not to refuse it.",
        },
  saboteur: [{ when: held, reply: "!53300 sorry, too many clients already" }],
  async run(context) {
    const { sessions = 1, waitMsMax = 0 } = context.service.pool ?? {};
    const changedMs = context.clock.monotonicMs();
    const gate: Gate = { inside: 0, refused: 0, changedMs, isOpen: false };
    const asked = Array.from({ length: sessions }, () => oneSession(context, gate));
    const [, ...all] = await Promise.all([keepGate(context, gate, sessions), ...asked]);
    const took = all.filter((one) => typeof one === "number").toSorted((a, b) => a - b);
    const refused = all.filter((one) => typeof one === "string");
    const slowest = Math.round(took.at(-1) ?? 0);
    const median = Math.round(took[Math.floor(took.length / 2)] ?? 0);
    context.note({ service: context.name, sessions, answered: took.length, median, slowest });
    const why = refused.length === 0 ? "" : `; refused: ${refused[0] ?? ""}`;
    const seen = `${took.length} of ${sessions} sessions were answered, half within ${median} ms, the slowest after ${slowest} ms${why}.`;
    const ok = refused.length === 0 && slowest <= waitMsMax;
    const one = psql(context, held).map((word) => (/[\s()]/.test(word) ? `'${word}'` : word));
    const many = `seq ${sessions} | xargs -P ${sessions} -I{} ${one.join(" ")}`;
    return [{ ok, seen, raw: refused.slice(0, 5).join("\n"), reproduce: ["sh", "-c", many] }];
  },
};

const extension = "select extversion from pg_extension where extname = 'pg_stat_statements'";

function statements(context: PostgresContext): string {
  // Before version 13 planning and execution were one time.
  const mean = majorOf(context) >= 13 ? "mean_exec_time" : "mean_time";
  return `select round(${mean}::numeric, 1), calls, queryid from pg_stat_statements where calls >= 5 and dbid = (select oid from pg_database where datname = current_database()) order by 1 desc limit 5`;
}

const slowStatements: PostgresProbe = {
  ...shared,
  check: "slow_statements",
  summary: "statements that are slow on average",
  checklist: ["R1-10"],
  severity: "medium",
  claim: ({ slowStatementMs }) =>
    slowStatementMs === undefined
      ? null
      : {
          statement: `no statement that ran five times or more takes ${slowStatementMs} ms on average`,
          category: "Performance & Capacity",
          rationale: "A statement without its index gets slower with every row.",
        },
  saboteur: [{ when: "select round(mean_exec_time", reply: '[["8000.5","40","77"]]' }],
  async run(context) {
    const sql = statements(context);
    return await useCatalog(context, async (session) => {
      const [[version = null] = []] = await session.query(extension);
      if (version === null) {
        throw new NothingThere("The extension pg_stat_statements is not installed here.");
      }
      const rows = await session.query(sql);
      const slow = rows.filter(([mean]) => Number(mean) >= (context.service.slowStatementMs ?? 0));
      const [[mean = null, calls = null, id = null] = []] = rows;
      const said =
        rows.length === 0
          ? "none ran five times"
          : `the slowest takes ${mean ?? "?"} ms over ${calls ?? "?"} calls (queryid ${id ?? "?"})`;
      const seen = `${slow.length} are too slow; ${said}.`;
      return [{ ok: slow.length === 0, seen, reproduce: psql(context, sql) }];
    });
  },
};

const primaryLag =
  "select application_name, state, coalesce(extract(epoch from replay_lag), 0) from pg_stat_replication";
const standbyLag =
  "select 'standby', (select case when count(*) = 0 then 'no receiver' else max(status) end from pg_stat_wal_receiver), case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0 else coalesce(extract(epoch from now() - pg_last_xact_replay_timestamp()), 1e9) end";

const replicationLag: PostgresProbe = {
  ...shared,
  check: "replication_lag",
  summary: "how far behind standbys are",
  checklist: ["R1-36"],
  claim: ({ replication, lagSecondsMax }) =>
    lagSecondsMax === undefined || !["primary", "standby"].includes(replication ?? "")
      ? null
      : {
          statement: `what follows streams, and is at most ${lagSecondsMax} s behind`,
          category: "Disaster Recovery",
          rationale: "What a standby has not replayed is lost with the primary.",
        },
  saboteur: [{ when: "select application_name, state", reply: '[["b","catchup","900"]]' }],
  async run(context) {
    if (majorOf(context) < 10) {
      throw new LacksFeature(`PostgreSQL ${context.facts.get("version") ?? ""} tells no lag.`);
    }
    const sql = context.service.replication === "primary" ? primaryLag : standbyLag;
    const rows = await useCatalog(context, (session) => session.query(sql));
    // Without the right the columns are empty; who receives nothing is told so.
    if (rows.some(([, state]) => state === null)) {
      throw new NothingThere(
        `${context.service.user} may not see the state of a replication (pg_monitor).`,
      );
    }
    const most = context.service.lagSecondsMax ?? 0;
    const late = rows.filter(([, state, lag]) => state !== "streaming" || !(Number(lag) <= most));
    const told = rows.map(([name, state, lag]) => `${name ?? "?"} ${state ?? "?"} ${lag ?? "?"} s`);
    const seen = `${rows.length} follow, ${late.length} of them too far behind: ${told.join("; ") || "none"}.`;
    return [{ ok: rows.length > 0 && late.length === 0, seen, reproduce: psql(context, sql) }];
  },
};

/** Checks of PostgreSQL under use, in the order they run. */
export const postgresLoad: readonly PostgresProbe[] = [pool, slowStatements, replicationLag];
