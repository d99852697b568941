import type { StackSeen } from "../probe.ts";
import { LacksFeature, NothingThere } from "../wire/fault.ts";
import { type PostgresService, psql, useCatalog } from "../wire/postgres-session.ts";
import type { PostgresSession } from "../wire/postgres.ts";
import type { PostgresProbe } from "./postgres.ts";

const extension = "select extversion from pg_extension where extname = 'timescaledb'";
const bucket =
  "select time_bucket('1 hour', timestamptz '2026-01-01 10:30:00+00') at time zone 'UTC'";

/** The extension's version; null where it is absent. */
async function versionIn(session: PostgresSession): Promise<string | null> {
  const [[version = null] = []] = await session.query(extension);
  return version;
}

const isOld = (version: string | null): boolean => Number.parseInt(version ?? "0", 10) < 2;

const installed: PostgresProbe = {
  check: "extension",
  summary: "TimescaleDB is there and buckets time",
  needs: ["login"],
  checklist: ["R1-01"],
  severity: "critical",
  claim: () => ({
    statement: "the extension timescaledb is installed and buckets time",
    category: "Operational Readiness",
    rationale: "Queries over time series need its functions.",
  }),
  saboteur: [{ when: bucket, reply: '[["2026-01-01 10:30:00"]]' }],
  async run(context) {
    const reproduce = psql(context, bucket);
    return await useCatalog(context, async (session) => {
      const version = await versionIn(session);
      if (version === null) return [{ ok: false, seen: "TimescaleDB is absent.", reproduce }];
      const [[at = null] = []] = await session.query(bucket);
      const ok = at === "2026-01-01 10:00:00";
      return [
        { ok, seen: `TimescaleDB ${version}; 10:30 fell into ${at ?? "nothing"}.`, reproduce },
      ];
    });
  },
};

const tablesOf = (service: PostgresService): string[] =>
  service.kind === "timescaledb" ? [...new Set(service.hypertables)] : [];

const jobsOf = (service: PostgresService): number | undefined =>
  service.kind === "timescaledb" ? service.jobs : undefined;

const tables = "select hypertable_name, num_chunks from timescaledb_information.hypertables";
const oldTables = "select table_name::text, num_chunks from timescaledb_information.hypertable";

const hypertables: PostgresProbe = {
  check: "hypertables",
  summary: "tables that are split by time",
  needs: ["extension"],
  checklist: ["R1-01"],
  severity: "high",
  claim: (service) =>
    tablesOf(service).length === 0
      ? null
      : {
          statement: "each declared table is a hypertable",
          category: "Architecture & Design",
          rationale: "A time series in a plain table gets slower with every row.",
          parts: tablesOf(service),
        },
  saboteur: [{ when: tables, reply: '[["other","4"]]' }],
  run: (context) =>
    useCatalog(context, async (session) => {
      // Version 2 gave the view and its columns other names.
      const sql = isOld(await versionIn(session)) ? oldTables : tables;
      const found = new Map((await session.query(sql)).map(([name, chunks]) => [name, chunks]));
      return tablesOf(context.service).map((part): StackSeen => {
        const chunks = found.get(part);
        const ok = chunks !== undefined;
        const seen = ok ? `${part} has ${chunks ?? "?"} chunks.` : `${part} is no hypertable.`;
        return { ok, seen, part, reproduce: psql(context, sql) };
      });
    }),
};

/** Jobs below this number are TimescaleDB's own, and no promise of whoever uses it. */
const stats =
  "select job_id, last_run_status, total_failures from timescaledb_information.job_stats where job_id >= 1000 order by 1";
const licence = "select current_setting('timescaledb.license', true)";

const jobs: PostgresProbe = {
  check: "jobs",
  summary: "jobs of retention, compression and aggregates",
  needs: ["extension"],
  checklist: ["R1-01"],
  severity: "high",
  claim: (service) => {
    const count = jobsOf(service);
    const many = count === undefined ? "" : `at least ${count} have run, and `;
    return {
      statement: `of its jobs of retention, compression and aggregates ${many}none failed when it ran last`,
      category: "Operational Readiness",
      rationale: "Retention that fails fills the disk; an aggregate that fails shows old numbers.",
      // Whoever declares none may have none.
      ...(count === undefined ? { required: false } : {}),
    };
  },
  saboteur: [{ when: stats, reply: '[["1000","Failed","12"]]' }],
  run: (context) =>
    useCatalog(context, async (session) => {
      const version = await versionIn(session);
      if (isOld(version)) throw new LacksFeature(`TimescaleDB ${version ?? ""} tells of no jobs.`);
      const rows = await session.query(stats);
      const wanted = jobsOf(context.service);
      if (rows.length === 0) {
        const [[edition = null] = []] = await session.query(licence);
        const why = `No job of its own has run here; the licence is ${edition ?? "unknown"}.`;
        // That edition has no such jobs, so nobody can have declared them of it.
        if (wanted !== undefined && edition === "apache") throw new LacksFeature(why);
        if (wanted === undefined) throw new NothingThere(why);
      }
      const failed = rows.filter(([, status]) => status === "Failed");
      const told = failed.map(([id, , count]) => `job ${id ?? "?"} (${count ?? "?"} failures)`);
      const named = told.length === 0 ? "" : `: ${told.slice(0, 10).join(", ")}`;
      const declared = wanted === undefined ? "" : ` of ${wanted} declared`;
      const seen = `${rows.length} jobs${declared}, ${failed.length} failed when they ran last${named}.`;
      const ok = failed.length === 0 && rows.length >= (wanted ?? 1);
      return [{ ok, seen, reproduce: psql(context, stats) }];
    }),
};

/** Only of the kind timescaledb: a plain PostgreSQL is said to be one. */
export const timescaleProbes: readonly PostgresProbe[] = [installed, hypertables, jobs];
