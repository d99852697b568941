import type { StackSeen } from "../probe.ts";
import { PostgresError } from "../wire/postgres.ts";
import { LacksFeature, NothingThere } from "../wire/fault.ts";
import {
  inPostgres,
  type PostgresContext,
  psql,
  useCatalog,
  usePostgres,
} from "../wire/postgres-session.ts";
import type { PostgresProbe } from "./postgres.ts";

const shared = { needs: ["login"], severity: "high" } as const;

/** Databases that are tried; those whose right to connect the login has go first. */
const triedMax = 50;
const openMax = 5;
const others = `select datname, count(*) filter (where has_database_privilege(oid, 'connect')) over () from pg_database where datallowconn and not datistemplate and datname not in (current_database(), 'postgres') order by has_database_privilege(oid, 'connect') desc, 1 limit ${triedMax}`;

/** Databases the login gets into; `untold` says of one why nobody knows. */
async function othersOpen(
  context: PostgresContext,
  names: readonly (readonly (string | null)[])[],
): Promise<{ open: string[]; untold: string | null }> {
  const open: string[] = [];
  const invited = Number(names[0]?.[1] ?? 0);
  let untold =
    invited > triedMax ? `${invited} others are open to it, and ${triedMax} were tried.` : null;
  for (const [name] of names) {
    if (name === null || name === undefined || open.length >= openMax) continue;
    try {
      await inPostgres(context, () => Promise.resolve(), { database: name });
      open.push(name);
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
      // Only a refusal keeps apart: no room, or no time, lets others in later.
      if (/^(28|42501|3D000)/.test(error.state)) continue;
      untold = `${name} answered ${error.state}: ${error.message}.`;
    }
  }
  return { open, untold };
}

const grants: PostgresProbe = {
  ...shared,
  check: "grants",
  summary: "least privilege",
  checklist: ["R1-09"],
  claim: (service) =>
    service.leastPrivilege
      ? {
          statement: `${service.user} can create no role and enter no other database but postgres`,
          category: "Security & Compliance",
          rationale: "What the application may do, whoever breaks into it may do.",
          parts: ["create a role", "other databases"],
        }
      : null,
  saboteur: [{ when: "create role", reply: "[]" }],
  async run(context) {
    const role = `create role ${context.mark}`;
    const [part, other] = ["create a role", "other databases"] as const;
    const created = await usePostgres(context, async (session) => {
      await session.query("begin");
      try {
        await session.query(role);
        return "It created a role (rolled back).";
      } catch (error) {
        if (!(error instanceof PostgresError)) throw error;
        return error.state === "42501" ? null : `CREATE ROLE answered ${error.message}.`;
      } finally {
        await session.query("rollback");
      }
    });
    const names = await useCatalog(context, (session) => session.query(others));
    const { open, untold } = await othersOpen(context, names);
    // What is known to be open counts; where nothing is, one that was not told keeps all open.
    if (untold !== null && created === null && open.length === 0) throw new NothingThere(untold);
    const seen = created ?? "CREATE ROLE was refused.";
    const list = open.join(", ");
    const again = psql(context, `begin; ${role}; rollback`);
    const first: StackSeen = { part, ok: created === null, seen, reproduce: again };
    if (untold !== null && open.length === 0) return [first];
    const database = open[0] ?? names[0]?.[0] ?? undefined;
    return [
      first,
      {
        part: other,
        ok: open.length === 0,
        seen: list === "" ? `${names.length} others were refused.` : `It got into ${list}.`,
        reproduce: psql(context, "select current_database()", database),
      },
    ];
  },
};

const durable = "select name, setting from pg_settings where name in ('fsync', 'full_page_writes')";

const durability: PostgresProbe = {
  ...shared,
  check: "durability",
  summary: "commits survive a power cut",
  checklist: ["R1-01"],
  severity: "critical",
  claim: () => ({
    statement: "fsync and full_page_writes are on",
    category: "Disaster Recovery",
    rationale: "Without them a power cut loses whole tables and the start looks clean.",
  }),
  saboteur: [{ when: durable, reply: '[["fsync","off"],["full_page_writes","on"]]' }],
  async run(context) {
    const rows = await useCatalog(context, (session) => session.query(durable));
    const off = rows.filter(([, setting]) => setting !== "on").map(([name]) => name);
    const ok = rows.length === 2 && off.length === 0;
    const seen = ok ? "Both are on." : `Off: ${off.join(", ") || "not shown"}.`;
    return [{ ok, seen, reproduce: psql(context, durable) }];
  },
};

const used =
  "select (select sum(numbackends) from pg_stat_database), current_setting('max_connections')";

const connections: PostgresProbe = {
  ...shared,
  check: "connections",
  summary: "connections left",
  checklist: ["R1-10"],
  claim: ({ limits }) => ({
    statement:
      limits.connections === undefined
        ? "less than 80 % of its connections are in use"
        : `it allows ${limits.connections} connections, and less than 80 % are in use`,
    category: "Performance & Capacity",
    rationale: "The client after the last connection is refused.",
  }),
  saboteur: [{ when: used, reply: '[["97","100"]]' }],
  async run(context) {
    const [[now = null, most = null] = []] = await useCatalog(context, (s) => s.query(used));
    const [busy, all] = [Number(now ?? Number.NaN), Number(most ?? Number.NaN)];
    const ok = busy < all * 0.8 && all >= (context.service.limits.connections ?? 0);
    const seen = `${busy} of ${all} connections are in use.`;
    return [{ ok, seen, reproduce: psql(context, used) }];
  },
};

const bytes = "select pg_database_size(current_database())";

const size: PostgresProbe = {
  ...shared,
  check: "size",
  summary: "size of the database",
  checklist: ["R1-10"],
  severity: "medium",
  claim: ({ sizeBytesMax }) =>
    sizeBytesMax === undefined
      ? null
      : {
          statement: `the database takes at most ${sizeBytesMax} bytes`,
          category: "Performance & Capacity",
          rationale: "A disk that is full stops every write.",
        },
  saboteur: [{ when: bytes, reply: '[["99999999999999"]]' }],
  async run(context) {
    const [[seen = null] = []] = await useCatalog(context, (session) => session.query(bytes));
    const ok = seen !== null && Number(seen) <= (context.service.sizeBytesMax ?? 0);
    return [{ ok, seen: `It takes ${seen ?? "?"} bytes.`, reproduce: psql(context, bytes) }];
  },
};

const migrations: PostgresProbe = {
  ...shared,
  check: "migrations",
  summary: "migrations at head",
  checklist: ["R1-21"],
  claim: ({ migrations: declared }) =>
    declared === undefined
      ? null
      : {
          statement: `${declared.table} is at ${declared.head}`,
          category: "Deployment Automation",
          rationale: "Code that expects another schema fails at its first query.",
        },
  saboteur: [{ when: "select count(*) filter", reply: '[["0","3"]]' }],
  async run(context) {
    const { table = "", column = "", head = "" } = context.service.migrations ?? {};
    const quoted = `'${head.replaceAll("'", "''")}'`;
    // The last one in the order of its own type: as texts, 9 comes after 10.
    const newest = `select t.${column}::text from ${table} as t order by t.${column} desc nulls last limit 1`;
    const sql = `select count(*) filter (where ${column}::text = ${quoted}), (${newest}) from ${table}`;
    const reproduce = psql(context, sql);
    try {
      const [[count = null, last = null] = []] = await inPostgres(context, (s) => s.query(sql));
      const atHead = Number(count) > 0 && last === head;
      const seen = `${table} says ${last ?? "nothing"}; ${head} is ${Number(count) > 0 ? "" : "not "}applied.`;
      return [{ ok: atHead, seen, reproduce }];
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
      if (error.state === "42601") {
        const version = context.facts.get("version") ?? "";
        throw new LacksFeature(`PostgreSQL ${version} does not know FILTER: ${error.message}.`);
      }
      return [{ ok: false, seen: `${table}: ${error.state} ${error.message}.`, reproduce }];
    }
  },
};

const roles = "select pg_is_in_recovery(), (select count(*) from pg_stat_replication)";

const replication: PostgresProbe = {
  ...shared,
  check: "replication",
  summary: "its part in a replication",
  checklist: ["R1-36"],
  claim: ({ replication: part }) =>
    part === undefined
      ? null
      : {
          statement: {
            none: "it takes part in no replication",
            primary: "it is a primary with at least one standby that follows",
            standby: "it is a standby",
          }[part],
          category: "Architecture & Design",
          rationale: "A standby that does not follow is found at the failover.",
        },
  saboteur: [{ when: roles, reply: '[["t","0"]]' }],
  async run(context) {
    const [[recovery = null, count = null] = []] = await useCatalog(context, (s) => s.query(roles));
    const part = recovery === "t" ? "standby" : Number(count) > 0 ? "primary" : "none";
    const ok = part === context.service.replication;
    const seen = `In recovery: ${recovery ?? "?"}; standbys that follow: ${count ?? "?"}.`;
    return [{ ok, seen, reproduce: psql(context, roles) }];
  },
};

const running =
  "select extract(epoch from now() - query_start) * 1000 from pg_stat_activity where state = 'active' and pid <> pg_backend_pid()";

/** Before version 10 it told of clients alone, and not what kind each was. */
function runningIn(context: PostgresContext): string {
  const major = Number.parseInt(context.facts.get("version") ?? "", 10);
  const clients = major < 10 ? "" : " and backend_type = 'client backend'";
  return `${running}${clients} order by 1 desc nulls last`;
}

const slowQueries: PostgresProbe = {
  ...shared,
  check: "slow_queries",
  summary: "queries that run for long",
  checklist: ["R1-10"],
  severity: "medium",
  claim: ({ slowQueryMs }) => ({
    statement: `no query this user sees has been running for ${slowQueryMs} ms`,
    category: "Performance & Capacity",
    rationale: "A query that never ends holds its locks as long.",
  }),
  saboteur: [{ when: running, reply: '[["86400000"]]' }],
  async run(context) {
    const sql = runningIn(context);
    const rows = await useCatalog(context, (session) => session.query(sql));
    const [[oldest = null] = []] = rows;
    const ok = Number(oldest ?? 0) < context.service.slowQueryMs;
    const seen = `${rows.length} others run; the oldest for ${Math.round(Number(oldest ?? 0))} ms.`;
    return [{ ok, seen, reproduce: psql(context, sql) }];
  },
};

/** Checks of what PostgreSQL says of itself, in the order they run. */
export const postgresSettings: readonly PostgresProbe[] = [
  grants,
  durability,
  connections,
  size,
  migrations,
  replication,
  slowQueries,
];
