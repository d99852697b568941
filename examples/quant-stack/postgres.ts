import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Started, startProgram } from "./process.ts";

export interface Postgres extends Started {
  readonly port: number;
  /** A statement of the superuser; `database` default `quant`. */
  sql(text: string, database?: string): void;
  /** How users of loopback log in from now on. */
  allow(method: "trust" | "scram-sha-256"): void;
}

interface Cluster {
  readonly name: string;
  readonly dir: string;
  /** Programs of the server. */
  readonly binDir: string;
  /** The folder of psql; default that of the server. */
  readonly psqlDir?: string;
  /** Its programs leave root by themselves. */
  readonly leavesRoot?: boolean;
  readonly settings?: readonly string[];
}

/** The server refuses to run as root. */
const asServerUser = (argv: readonly string[]): string[] =>
  process.getuid?.() === 0
    ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", ...argv]
    : [...argv];

function run(argv: readonly string[]): void {
  const [command = "", ...args] = argv;
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 60_000 });
}

/** A cluster of its own, without anything in it; passwords are asked for from the start. */
async function startCluster(o: Cluster): Promise<Postgres> {
  const { name, binDir, psqlDir = binDir } = o;
  const port = await freePort();
  const home = join(o.dir, name);
  const data = join(home, "data");
  mkdirSync(home);
  chmodSync(home, 0o777);
  const asUser = (argv: readonly string[]): string[] =>
    o.leavesRoot === true ? [...argv] : asServerUser(argv);
  const initdb = [join(binDir, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"];
  run(asUser(initdb));
  const at = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${home}`];
  const settings = [...at, ...(o.settings ?? [])].flatMap((one) => ["-c", one]);
  const argv = [join(binDir, "postgres"), "-D", data, ...settings];
  const write = (method: string): void => {
    const rows = ["local all postgres trust", `host all all 127.0.0.1/32 ${method}`];
    writeFileSync(join(data, "pg_hba.conf"), `${rows.join("\n")}\n`);
  };
  write("scram-sha-256");
  const psql = [join(psqlDir, "psql"), "-h", home, "-p", String(port), "-U", "postgres", "-qAt"];
  const sql = (text: string, database = "quant"): void =>
    run([...psql, "-v", "ON_ERROR_STOP=1", "-d", database, "-c", text]);
  const started = await startProgram({
    name,
    dir: o.dir,
    argv: asUser(argv),
    readyMs: 30_000,
    isReady: async () => {
      await Promise.resolve(sql("select 1", "postgres"));
      return true;
    },
  });
  const allow = (method: string): void => {
    write(method);
    sql("select pg_reload_conf()", "postgres");
    sql("select pg_sleep(0.3)", "postgres");
  };
  return { ...started, port, sql, allow };
}

/** The application's database with its user, and another one that is none of its business. */
export async function startPostgres(
  binDir: string,
  o: { dir: string; password: string },
): Promise<Postgres> {
  const cluster = await startCluster({ name: "postgres", dir: o.dir, binDir });
  return await filled(cluster, ({ sql }) => {
    sql(`create role app login password '${o.password}'`, "postgres");
    sql("create database quant owner app", "postgres");
    sql("create database other", "postgres");
    sql("revoke connect on database other from public", "postgres");
    sql("set role app; create table items (id serial primary key, name text not null)");
    sql("set role app; create table schema_migrations (version text primary key)");
    sql("set role app; insert into schema_migrations values ('0001'), ('0002'), ('0003')");
  });
}

/** A cluster that cannot be filled ends at once. */
async function filled(cluster: Postgres, fill: (cluster: Postgres) => void): Promise<Postgres> {
  try {
    fill(cluster);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Prices over time, in a hypertable. */
export async function startTimescale(
  binDir: string,
  o: { dir: string; password: string; psqlDir: string },
): Promise<Postgres> {
  const { dir, psqlDir } = o;
  const settings = ["shared_preload_libraries=timescaledb", "timescaledb.telemetry_level=off"];
  const own = { name: "timescaledb", leavesRoot: true, settings };
  const cluster = await startCluster({ ...own, dir, binDir, psqlDir });
  return await filled(cluster, ({ sql }) => {
    sql(`create role app login password '${o.password}'`, "postgres");
    sql("create database quant owner app", "postgres");
    sql("create extension timescaledb");
    sql("set role app; create table ticks (at timestamptz not null, price numeric not null)");
    sql("set role app; select create_hypertable('ticks', 'at')");
    sql("set role app; insert into ticks values ('2026-01-01', 1), ('2026-02-01', 2)");
  });
}
