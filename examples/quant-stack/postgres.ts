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

/** The server refuses to run as root. */
const asServerUser = (argv: readonly string[]): string[] =>
  process.getuid?.() === 0
    ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", ...argv]
    : [...argv];

function run(argv: readonly string[]): void {
  const [command = "", ...args] = argv;
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 60_000 });
}

/** A cluster of its own with the user and the two databases of the stack. */
export async function startPostgres(
  binDir: string,
  o: { dir: string; password: string },
): Promise<Postgres> {
  const port = await freePort();
  const home = join(o.dir, "postgres");
  const data = join(home, "data");
  mkdirSync(home);
  chmodSync(home, 0o777);
  const initdb = [join(binDir, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"];
  run(asServerUser(initdb));
  const address = `listen_addresses=127.0.0.1`;
  const settings = [`port=${port}`, address, `unix_socket_directories=${home}`];
  const argv = [join(binDir, "postgres"), "-D", data, ...settings.flatMap((one) => ["-c", one])];
  const write = (method: string): void => {
    const rows = ["local all postgres trust", `host all all 127.0.0.1/32 ${method}`];
    writeFileSync(join(data, "pg_hba.conf"), `${rows.join("\n")}\n`);
  };
  write("scram-sha-256");
  const psql = [join(binDir, "psql"), "-h", home, "-p", String(port), "-U", "postgres", "-qAt"];
  const sql = (text: string, database = "quant"): void =>
    run([...psql, "-v", "ON_ERROR_STOP=1", "-d", database, "-c", text]);
  const started = await startProgram({
    name: "postgres",
    dir: o.dir,
    argv: asServerUser(argv),
    readyMs: 30_000,
    isReady: async () => {
      await Promise.resolve(sql("select 1", "postgres"));
      return true;
    },
  });
  sql(`create role app login password '${o.password}'`, "postgres");
  sql("create database quant owner app", "postgres");
  sql("create database other", "postgres");
  sql("revoke connect on database other from public", "postgres");
  sql("set role app; create table items (id serial primary key, name text not null)");
  sql("set role app; create table schema_migrations (version text primary key)");
  sql("set role app; insert into schema_migrations values ('0001'), ('0002'), ('0003')");
  const allow = (method: string): void => {
    write(method);
    sql("select pg_reload_conf()");
    sql("select pg_sleep(0.3)");
  };
  return { ...started, port, sql, allow };
}
