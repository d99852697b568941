import { gatewayErrors } from "../../errors.ts";

export type SqlKind = "sqlite" | "postgres";

/** One step forward; expand-only, so that the version before still reads and writes. */
export interface Migration {
  readonly version: number;
  /** Oldest version of this program that may use the store after the step. */
  readonly readableFrom: number;
  statements(kind: SqlKind): readonly string[];
}

interface Types {
  readonly text: string;
  readonly int: string;
  readonly bytes: string;
  /** After the closing bracket of a table. */
  readonly end: string;
}

const types: Readonly<Record<SqlKind, Types>> = {
  sqlite: { text: "TEXT", int: "INTEGER", bytes: "BLOB", end: " STRICT" },
  // The C collation orders ids as SQLite does, on every server.
  postgres: { text: 'TEXT COLLATE "C"', int: "BIGINT", bytes: "BYTEA", end: "" },
};

/** What version 0.1.0 kept: keys, and nothing of their owners. */
function firstKeys(t: Types): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS keys (id ${t.text} PRIMARY KEY, env ${t.text} NOT NULL,
      name ${t.text} NOT NULL, digest ${t.bytes} NOT NULL, old_digest ${t.bytes},
      overlap_until ${t.int}, created_at ${t.int} NOT NULL, rotated_at ${t.int},
      expires_at ${t.int}, revoked_at ${t.int})${t.end}`,
  ];
}

function keyColumns(t: Types): string[] {
  const columns = [
    `tenant_id ${t.text} NOT NULL DEFAULT 'default'`,
    `owner_id ${t.text}`,
    `kind ${t.text} NOT NULL DEFAULT 'service'`,
    `pepper_version ${t.int} NOT NULL DEFAULT 1`,
    `old_pepper_version ${t.int}`,
    `not_before ${t.int}`,
    `revoked_reason ${t.text}`,
    `roles ${t.text} NOT NULL DEFAULT '["caller"]'`,
    `permissions ${t.text}`,
    `models ${t.text}`,
    `routes ${t.text}`,
    `ips ${t.text}`,
    `budget_id ${t.text}`,
    `rate_id ${t.text}`,
    `bound_to ${t.text}`,
    `epoch ${t.int} NOT NULL DEFAULT 1`,
  ];
  return [
    ...columns.map((column) => `ALTER TABLE keys ADD COLUMN ${column}`),
    "UPDATE keys SET old_pepper_version = 1 WHERE old_digest IS NOT NULL",
    "CREATE INDEX keys_by_tenant ON keys (tenant_id, id)",
    "CREATE INDEX keys_by_owner ON keys (owner_id, id)",
    `CREATE TABLE key_uses (key_id ${t.text} PRIMARY KEY, last_used_at ${t.int} NOT NULL)${t.end}`,
  ];
}

function identityTables(t: Types): string[] {
  return [
    `CREATE TABLE store_facts (name ${t.text} PRIMARY KEY, value ${t.text} NOT NULL)${t.end}`,
    `CREATE TABLE tenants (id ${t.text} PRIMARY KEY, label ${t.text} NOT NULL,
      disabled_at ${t.int}, created_at ${t.int} NOT NULL, policy ${t.text} NOT NULL)${t.end}`,
    `CREATE TABLE principals (id ${t.text} PRIMARY KEY, kind ${t.text} NOT NULL,
      issuer ${t.text} NOT NULL, subject ${t.text} NOT NULL, tenant_id ${t.text} NOT NULL,
      label ${t.text} NOT NULL, roles ${t.text} NOT NULL, disabled_at ${t.int},
      created_at ${t.int} NOT NULL, epoch ${t.int} NOT NULL, UNIQUE (issuer, subject))${t.end}`,
    "CREATE INDEX principals_by_tenant ON principals (tenant_id, id)",
    `CREATE TABLE grants (id ${t.text} PRIMARY KEY, principal_id ${t.text} NOT NULL,
      permission ${t.text} NOT NULL, reason ${t.text} NOT NULL, granted_by ${t.text} NOT NULL,
      expires_at ${t.int}, created_at ${t.int} NOT NULL)${t.end}`,
    "CREATE INDEX grants_by_principal ON grants (principal_id, id)",
    `CREATE TABLE auth_feed (id ${t.int} PRIMARY KEY CHECK (id = 1), seq ${t.int} NOT NULL)${t.end}`,
    "INSERT INTO auth_feed (id, seq) VALUES (1, 0)",
    `CREATE TABLE auth_events (seq ${t.int} PRIMARY KEY, at ${t.int} NOT NULL,
      kind ${t.text} NOT NULL, subject_id ${t.text} NOT NULL, tenant_id ${t.text} NOT NULL,
      detail ${t.text} NOT NULL)${t.end}`,
  ];
}

function recordTables(t: Types): string[] {
  return [
    `CREATE TABLE audit_heads (tenant_id ${t.text} PRIMARY KEY, seq ${t.int} NOT NULL,
      hash ${t.text} NOT NULL)${t.end}`,
    `CREATE TABLE audit_entries (tenant_id ${t.text} NOT NULL, seq ${t.int} NOT NULL,
      event_id ${t.text} NOT NULL, ts ${t.int} NOT NULL, event ${t.text} NOT NULL,
      entry ${t.text} NOT NULL, prev ${t.text} NOT NULL, hash ${t.text} NOT NULL,
      actor_id ${t.text} NOT NULL, action ${t.text} NOT NULL, object_type ${t.text} NOT NULL,
      object_id ${t.text} NOT NULL, outcome ${t.text} NOT NULL, code ${t.text},
      request_id ${t.text}, PRIMARY KEY (tenant_id, seq), UNIQUE (tenant_id, event_id))${t.end}`,
    "CREATE INDEX audit_by_time ON audit_entries (tenant_id, ts)",
    "CREATE INDEX audit_by_actor ON audit_entries (tenant_id, actor_id, seq)",
    `CREATE TABLE usage_batches (id ${t.text} PRIMARY KEY, at ${t.int} NOT NULL,
      records ${t.int} NOT NULL, lines ${t.text} NOT NULL)${t.end}`,
    "CREATE INDEX usage_batches_by_time ON usage_batches (at)",
    `CREATE TABLE usage_minutes (minute ${t.int} NOT NULL, day ${t.text} NOT NULL,
      tenant_id ${t.text} NOT NULL, key_id ${t.text} NOT NULL, model ${t.text} NOT NULL,
      requests ${t.int} NOT NULL, input_tokens ${t.int} NOT NULL, cached_tokens ${t.int} NOT NULL,
      output_tokens ${t.int} NOT NULL, reasoning_tokens ${t.int} NOT NULL,
      cost_nano ${t.int} NOT NULL, PRIMARY KEY (minute, tenant_id, key_id, model))${t.end}`,
    "CREATE INDEX usage_minutes_by_tenant ON usage_minutes (tenant_id, minute)",
    "CREATE INDEX usage_minutes_by_key ON usage_minutes (key_id, minute)",
    `CREATE TABLE budget_spent (budget_id ${t.text} NOT NULL, period ${t.text} NOT NULL,
      spent_nano ${t.int} NOT NULL, updated_at ${t.int} NOT NULL,
      PRIMARY KEY (budget_id, period))${t.end}`,
    "CREATE INDEX budget_spent_by_period ON budget_spent (period)",
  ];
}

/** Every step, oldest first; the last one's version is this program's. */
export const migrations: readonly Migration[] = [
  { version: 1, readableFrom: 1, statements: (kind) => firstKeys(types[kind]) },
  {
    version: 2,
    readableFrom: 1,
    statements(kind) {
      const t = types[kind];
      return [...keyColumns(t), ...identityTables(t), ...recordTables(t)];
    },
  },
];

/** What a store says of itself. */
export interface SchemaState {
  /** 0: nothing was ever stored. */
  readonly version: number;
  readonly readableFrom: number;
}

/** The version this program writes. */
export const schemaVersion = migrations.reduce((max, one) => Math.max(max, one.version), 0);

/** Steps to take. @throws LL_STATE_SCHEMA_NEWER when this program may not use the store. */
export function stepsFor(found: SchemaState, store: string): readonly Migration[] {
  if (found.readableFrom <= schemaVersion)
    return migrations.filter((one) => one.version > found.version);
  const message = `${store} has schema ${found.version}, readable from ${found.readableFrom}.`;
  throw gatewayErrors.make("LL_STATE_SCHEMA_NEWER", message);
}

export const schemaFacts = { version: "schema.version", readableFrom: "schema.readableFrom" };
