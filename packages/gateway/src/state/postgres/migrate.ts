import { LoadlineError } from "@loadline/kit/errors";
import { Client } from "pg";
import { gatewayErrors } from "../../errors.ts";
import {
  type Migration,
  migrations,
  schemaFacts,
  type SchemaState,
  stepsFor,
} from "../sql/migrations.ts";

const connectMs = 5000;
const lockMs = 30_000;
const migrationMs = 120_000;
/** Any number that no other program uses for its advisory locks in this database. */
const lockKey = 0x6c6c6f61;

/**
 * Brings the schema forward in one transaction under an advisory lock, so that of many nodes that
 * start at once one does it and all wait (<= 30 s). LL_STATE_UNAVAILABLE, LL_STATE_SCHEMA_NEWER,
 * LL_STATE_MIGRATION; on any of them nothing was changed. The backup is the operator's.
 */
export const migratePostgres = (url: string): Promise<void> => connected(url, migrate);

/**
 * What is applied. Every step, from the first to this program's, was tried in temporary tables of
 * this connection and taken back: the server takes them, nothing of it was changed or locked.
 * LL_STATE_UNAVAILABLE, LL_STATE_SCHEMA_NEWER, LL_STATE_MIGRATION.
 */
export const rehearsePostgres = (url: string): Promise<SchemaState> =>
  connected(url, async (client) => {
    const found = await schemaOf(client);
    stepsFor(found, "stores.sql");
    await client.query("BEGIN");
    await client.query("SET LOCAL search_path = pg_temp");
    for (const step of migrations)
      for (const statement of step.statements("postgres")) await client.query(statement);
    await client.query("ROLLBACK");
    return found;
  });

async function connected<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    query_timeout: migrationMs,
    application_name: "loadline migration",
  });
  // A connection that breaks between two statements fails the next one.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw gatewayErrors.make("LL_STATE_UNAVAILABLE", `stores.sql: ${detail}.`, { cause });
  }
  try {
    return await work(client);
  } catch (cause) {
    if (cause instanceof LoadlineError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw gatewayErrors.make("LL_STATE_MIGRATION", `stores.sql: ${message}.`, { cause });
  } finally {
    await client.end();
  }
}

async function migrate(client: Client): Promise<void> {
  if (stepsFor(await schemaOf(client), "stores.sql").length === 0) return;
  await client.query("BEGIN");
  await client.query(`SET LOCAL lock_timeout = ${lockMs}`);
  await client.query("SELECT pg_advisory_xact_lock($1)", [lockKey]);
  for (const step of stepsFor(await schemaOf(client), "stores.sql")) {
    for (const statement of step.statements("postgres")) await client.query(statement);
    await note(client, step);
  }
  await client.query("COMMIT");
}

async function note(client: Client, step: Migration): Promise<void> {
  if (!(await hasFacts(client))) return;
  const put = `INSERT INTO store_facts (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
  await client.query(put, [schemaFacts.version, String(step.version)]);
  await client.query(put, [schemaFacts.readableFrom, String(step.readableFrom)]);
}

async function schemaOf(client: Client): Promise<SchemaState> {
  if (!(await hasFacts(client))) return { version: 0, readableFrom: 0 };
  const facts = await client.query<{ name: string; value: string }>(
    "SELECT name, value FROM store_facts WHERE name LIKE 'schema.%'",
  );
  const number = (name: string): number =>
    Number(facts.rows.find((row) => row.name === name)?.value ?? 0);
  return { version: number(schemaFacts.version), readableFrom: number(schemaFacts.readableFrom) };
}

/** A scan sees what was committed while this node waited; a name lookup may be cached before. */
async function hasFacts(client: Client): Promise<boolean> {
  const found = await client.query(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = 'store_facts' AND n.nspname = current_schema()`,
  );
  return found.rows.length > 0;
}
