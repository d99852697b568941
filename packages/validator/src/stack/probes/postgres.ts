import { otherKind } from "../guess-kind.ts";
import type { StackProbe, StackSeen } from "../probe.ts";
import { WireFault } from "../wire/fault.ts";
import { greet, PostgresError, type PostgresSession } from "../wire/postgres.ts";
import {
  databaseOf,
  inPostgres,
  openPostgres,
  type PostgresContext,
  type PostgresService,
  psql,
  usePostgres,
} from "../wire/postgres-session.ts";
import { orTakeBack } from "../wire/take-back.ts";

export type PostgresProbe = Omit<StackProbe<PostgresService>, "kind">;

const answers: PostgresProbe = {
  check: "answers",
  summary: "is it PostgreSQL",
  needs: [],
  checklist: ["R1-01"],
  severity: "critical",
  claim: () => ({
    statement: "a startup packet is answered as PostgreSQL answers it",
    category: "Operational Readiness",
    rationale: "Everything that keeps data waits for this server.",
  }),
  saboteur: [{ when: "startup", reply: "HTTP/1.1 400 Bad Request" }],
  async run(context) {
    const reproduce = psql(context, "select 1");
    try {
      using stream = await openPostgres(context);
      const { user } = context.service;
      const { type } = await greet(stream, { user, database: databaseOf(context) });
      const ok = type === "R" || type === "E";
      const seen = ok ? "It answered a startup packet." : `It answered a message ${type}.`;
      return [{ ok, seen, reproduce }];
    } catch (error) {
      if (!(error instanceof WireFault) || error.code === "refused") throw error;
      const seen = error.raw === "" ? error.message : otherKind(context, "PostgreSQL", error.raw);
      return [{ ok: false, seen: `${seen}.`, raw: error.raw, reproduce }];
    }
  },
};

const extensions = "select extname, extversion from pg_extension order by 1";

const login: PostgresProbe = {
  check: "login",
  summary: "the login of the manifest",
  needs: ["answers"],
  checklist: ["R1-01"],
  severity: "critical",
  claim: (service) => ({
    statement: `${service.user} is let in`,
    category: "Operational Readiness",
    rationale: "A service with a wrong credential is down for whoever holds it.",
  }),
  saboteur: [{ when: "login", reply: "!28P01 password authentication failed" }],
  async run(context) {
    const reproduce = psql(context, "show server_version");
    try {
      return await inPostgres(context, async (session) => {
        const [[version = null] = []] = await session.query("show server_version");
        const found = await session.query(extensions);
        context.facts.set("version", version ?? "unknown");
        const names = found.map(([name, at]) => `${name ?? ""} ${at ?? ""}`);
        const timescale = names.find((name) => name.startsWith("timescaledb ")) ?? "absent";
        context.note({ service: context.name, version, extensions: names, timescaledb: timescale });
        const seen = `PostgreSQL ${version ?? "unknown"} let ${context.service.user} in; timescaledb ${timescale.replace("timescaledb ", "")}.`;
        return [{ ok: true, seen, reproduce }];
      });
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
      const seen = `The login was refused: ${error.state} ${error.message}.`;
      return [{ ok: false, seen, raw: error.message, reproduce }];
    }
  },
};

const locked: PostgresProbe = {
  check: "locked",
  summary: "a wrong password is refused",
  needs: ["login"],
  checklist: ["R1-26"],
  severity: "critical",
  claim: (service) =>
    service.password === undefined
      ? null
      : {
          statement: "a wrong password and common ones are refused",
          category: "Security & Compliance",
          rationale: "A server that trusts everybody keeps nothing apart.",
        },
  saboteur: [{ when: "wrong login", reply: "ok" }],
  async run(context) {
    const own = context.secret(context.service.password);
    const { user } = context.service;
    const words = ["loadline-wrong-password", "postgres", "password", user];
    const reproduce = psql(context, "select 1").map((word) =>
      word.startsWith("PGPASSWORD=") ? "PGPASSWORD=loadline-wrong-password" : word,
    );
    for (const password of words) {
      const isIn = await inPostgres(context, () => Promise.resolve(true), { password }).catch(
        (error: unknown) => {
          if (error instanceof PostgresError && error.state.startsWith("28")) return false;
          throw error;
        },
      );
      if (!isIn) continue;
      const which = password === own ? "The declared password is a common one" : "It let us in";
      const seen = `${which}: ${words.indexOf(password) === 0 ? "a wrong password" : "a common password"}.`;
      return [{ ok: false, seen, reproduce }];
    }
    return [{ ok: true, seen: `${words.length} wrong passwords were refused.`, reproduce }];
  },
};

async function tableFor(session: PostgresSession, mark: string): Promise<string> {
  try {
    await session.query(`create schema ${mark}`);
    return `create table ${mark}.read_back (value text)`;
  } catch (error) {
    if (error instanceof PostgresError && error.state === "42501") {
      // A user of least privilege creates no schema: the temporary one is its own too.
      return "create temporary table read_back (value text)";
    }
    throw error;
  }
}

async function readBackIn(context: PostgresContext, session: PostgresSession): Promise<StackSeen> {
  const { mark } = context;
  const value = Buffer.from(context.random.bytes(48)).toString("base64");
  const create = await tableFor(session, mark);
  const own = create.includes(`${mark}.`);
  const table = own ? `${mark}.read_back` : "read_back";
  const drop = `drop schema ${mark} cascade`;
  // The session may be cut, or its time over: another one takes the schema back then.
  const undo = async (to: PostgresContext): Promise<void> => {
    if (own) await inPostgres(to, (again) => again.query(drop));
  };
  return await orTakeBack(context, { left: `schema ${mark}`, undo }, async () => {
    await session.query(create);
    await session.execute(`insert into ${table} values ($1)`, [value]);
    const [[back = null] = []] = await session.execute(`select value from ${table}`, []);
    await session.execute(`delete from ${table} where value = $1`, [value]);
    const [[left = null] = []] = await session.execute(`select count(*) from ${table}`, []);
    if (own) await session.query(drop);
    const ok = back === value && left === "0";
    const where = own ? "in a schema of its own" : "in a temporary table";
    const why = back === value ? `${left ?? "?"} rows were left` : "another value came back";
    const seen = ok ? `Read back equal ${where}, then gone.` : `Insert, select, delete: ${why}.`;
    const steps = [create, `insert into ${table} values ('x')`, `select value from ${table}`];
    const schema = own ? [`create schema ${mark}`] : [];
    const again = ["begin", ...schema, ...steps, "rollback"].join("; ");
    return { ok, seen, reproduce: psql(context, again) };
  });
}

const readBack: PostgresProbe = {
  check: "read_back",
  summary: "write, read back, delete",
  needs: ["login"],
  checklist: ["R1-01"],
  severity: "critical",
  claim: () => ({
    statement: "a row written is read back equal, and gone after DELETE",
    category: "Operational Readiness",
    rationale: "A server that is full or read-only answers SELECT 1 as well.",
  }),
  saboteur: [
    { when: "insert into", reply: "!25006 cannot execute INSERT in a read-only transaction" },
  ],
  run: async (context) => [await usePostgres(context, (session) => readBackIn(context, session))],
};

/** The first checks of PostgreSQL, in the order they run. */
export const postgresBasics: readonly PostgresProbe[] = [answers, login, locked, readBack];
