import type { Kysely } from "kysely";
import type { AuditRow, AuthEventRow, GrantRow, TenantRow, UsageMinute } from "../rows.ts";

/** Columns as the repositories see them: camelCase, lists as JSON text, absent as null. */
type Stored<T> = {
  [K in keyof T]-?: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K];
};

export interface KeysTable {
  id: string;
  env: string;
  name: string;
  tenantId: string;
  ownerId: string | null;
  kind: "user" | "service" | "workload";
  digest: Uint8Array;
  pepperVersion: number;
  oldDigest: Uint8Array | null;
  oldPepperVersion: number | null;
  overlapUntil: number | null;
  rotatedAt: number | null;
  notBefore: number | null;
  expiresAt: number | null;
  revokedAt: number | null;
  revokedReason: string | null;
  roles: string;
  permissions: string | null;
  models: string | null;
  routes: string | null;
  ips: string | null;
  budgetId: string | null;
  rateId: string | null;
  boundTo: string | null;
  createdAt: number;
  epoch: number;
}

export interface PrincipalsTable {
  id: string;
  kind: "user" | "service" | "workload";
  issuer: string;
  subject: string;
  tenantId: string;
  label: string;
  roles: string;
  disabledAt: number | null;
  createdAt: number;
  epoch: number;
}

export interface Database {
  keys: KeysTable;
  keyUses: { keyId: string; lastUsedAt: number };
  principals: PrincipalsTable;
  grants: Stored<GrantRow>;
  tenants: Stored<TenantRow>;
  authFeed: { id: number; seq: number };
  authEvents: Stored<AuthEventRow>;
  auditHeads: { tenantId: string; seq: number; hash: string };
  auditEntries: Stored<AuditRow>;
  usageBatches: { id: string; at: number; records: number; lines: string };
  usageMinutes: Stored<UsageMinute> & { day: string };
  budgetSpent: { budgetId: string; period: string; spentNano: number; updatedAt: number };
  storeFacts: { name: string; value: string };
}

export type Db = Kysely<Database>;

/** Named one by one: a column that a later version adds changes no prepared statement. */
export const columnsOf = {
  keys: [
    "id",
    "env",
    "name",
    "tenantId",
    "ownerId",
    "kind",
    "digest",
    "pepperVersion",
    "oldDigest",
    "oldPepperVersion",
    "overlapUntil",
    "rotatedAt",
    "notBefore",
    "expiresAt",
    "revokedAt",
    "revokedReason",
    "roles",
    "permissions",
    "models",
    "routes",
    "ips",
    "budgetId",
    "rateId",
    "boundTo",
    "createdAt",
    "epoch",
  ],
  principals: [
    "id",
    "kind",
    "issuer",
    "subject",
    "tenantId",
    "label",
    "roles",
    "disabledAt",
    "createdAt",
    "epoch",
  ],
  grants: ["id", "principalId", "permission", "reason", "grantedBy", "expiresAt", "createdAt"],
  tenants: ["id", "label", "disabledAt", "createdAt", "policy"],
  authEvents: ["seq", "at", "kind", "subjectId", "tenantId", "detail"],
  auditEntries: [
    "tenantId",
    "seq",
    "eventId",
    "ts",
    "event",
    "entry",
    "prev",
    "hash",
    "actorId",
    "action",
    "objectType",
    "objectId",
    "outcome",
    "code",
    "requestId",
  ],
  budgetSpent: ["budgetId", "period", "spentNano", "updatedAt"],
} as const satisfies { [T in keyof Database]?: readonly (keyof Database[T])[] };

/** How repositories reach the database: each call bounded in time, its errors turned into codes. */
export interface Asking {
  /** Reads of few rows by an index; SQLite answers them without another thread. */
  quick<T>(run: (db: Db) => Promise<T>): Promise<T>;
  ask<T>(run: (db: Db) => Promise<T>): Promise<T>;
  /** Joins the transaction there is, or makes one. */
  together<T>(run: (db: Db) => Promise<T>): Promise<T>;
}

/** Absent members instead of nulls. */
export function present<T extends object>(
  row: T,
): { [K in keyof T]: Exclude<T[K], null> | undefined } {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) if (value !== null) out[name] = value;
  const filled: unknown = out;
  return filled as { [K in keyof T]: Exclude<T[K], null> | undefined };
}
