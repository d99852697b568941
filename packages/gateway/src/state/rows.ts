/** All times are wall-clock ms since the epoch; all lists are bounded by their writer. */

/** One API key; of its secrets only HMACs under a pepper. */
export interface KeyRow {
  /** 12 characters of base62. */
  readonly id: string;
  readonly env: string;
  readonly name: string;
  readonly tenantId: string;
  /** Principal whose permissions bound the key's; undefined for keys made on the machine itself. */
  readonly ownerId?: string | undefined;
  readonly kind: "user" | "service" | "workload";
  /** HMAC-SHA-256 of the current secret, 32 bytes. */
  readonly digest: Uint8Array;
  readonly pepperVersion: number;
  /** The secret before the last rotation, good until `overlapUntil`. */
  readonly oldDigest?: Uint8Array | undefined;
  readonly oldPepperVersion?: number | undefined;
  readonly overlapUntil?: number | undefined;
  readonly rotatedAt?: number | undefined;
  readonly notBefore?: number | undefined;
  readonly expiresAt?: number | undefined;
  readonly revokedAt?: number | undefined;
  readonly revokedReason?: string | undefined;
  readonly roles: readonly string[];
  /** Permissions the key is narrowed to or lists itself; undefined: what its roles give. */
  readonly permissions?: readonly string[] | undefined;
  readonly models?: readonly string[] | undefined;
  readonly routes?: readonly string[] | undefined;
  /** CIDR ranges. */
  readonly ips?: readonly string[] | undefined;
  readonly budgetId?: string | undefined;
  readonly rateId?: string | undefined;
  /** Certificate thumbprint or SPIFFE id the key is bound to. */
  readonly boundTo?: string | undefined;
  readonly lastUsedAt?: number | undefined;
  readonly createdAt: number;
  /** Grows by one with every `update`. */
  readonly epoch: number;
}

/** A user, service or workload; known by (issuer, subject). */
export interface PrincipalRow {
  readonly id: string;
  readonly kind: "user" | "service" | "workload";
  readonly issuer: string;
  readonly subject: string;
  readonly tenantId: string;
  /** Shown to people; links nothing. */
  readonly label: string;
  readonly roles: readonly string[];
  readonly disabledAt?: number | undefined;
  readonly createdAt: number;
  readonly epoch: number;
}

/** One permission given to one principal beyond its roles. */
export interface GrantRow {
  readonly id: string;
  readonly principalId: string;
  readonly permission: string;
  readonly reason: string;
  readonly grantedBy: string;
  readonly expiresAt?: number | undefined;
  readonly createdAt: number;
}

export interface TenantRow {
  readonly id: string;
  readonly label: string;
  readonly disabledAt?: number | undefined;
  readonly createdAt: number;
  /** JSON object: what the tenant allows at most. */
  readonly policy: string;
}

/** One change that every node must know within 1 s. */
export interface AuthEventRow {
  /** Without gaps in the order of commits: who read up to n misses nothing at or below n. */
  readonly seq: number;
  readonly at: number;
  /** Such as `key.revoked`, `principal.disabled`, `grant.added`. */
  readonly kind: string;
  /** Id of the key, principal, grant or tenant it is about. */
  readonly subjectId: string;
  readonly tenantId: string;
  /** JSON object, or empty. */
  readonly detail: string;
}

export interface AuditHead {
  /** 0 before the first entry. */
  readonly seq: number;
  /** Hex; empty before the first entry. */
  readonly hash: string;
}

/** An event waiting for its place in the chain. */
export interface AuditDraft {
  /** Unique; an event that is already in the chain is not appended again. */
  readonly eventId: string;
  readonly ts: number;
  /** JSON of the event without seq, prev and hash. */
  readonly event: string;
  readonly actorId: string;
  readonly action: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly outcome: string;
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
}

/** An entry of one tenant's chain. */
export interface AuditRow extends AuditDraft {
  readonly tenantId: string;
  readonly seq: number;
  /** Canonical JSON of the whole entry. */
  readonly entry: string;
  /** Hex. */
  readonly prev: string;
  readonly hash: string;
}

/** What one attempt used. */
export interface UsageRow {
  /** Unique, such as `<request id>/<attempt>`. */
  readonly id: string;
  readonly at: number;
  readonly requestId: string;
  readonly keyId: string;
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly target: string;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Nano-units of currency; a safe integer. */
  readonly costNano: number;
  readonly source: "provider" | "estimated" | "cached" | "none" | "unknown";
  /** How the exchange ended. */
  readonly exit: string;
}

interface UsageCounts {
  readonly requests: number;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Nano-units of currency; a safe integer. */
  readonly costNano: number;
}

/** What one key used of one model in one minute. */
export interface UsageMinute extends UsageCounts {
  /** Start of the minute, ms since the epoch. */
  readonly minute: number;
  readonly tenantId: string;
  readonly keyId: string;
  readonly model: string;
}

/**
 * Usage of some attempts, stored and counted as one: a row and its indexes for each attempt would
 * cost more than relaying the request did.
 */
export interface UsageBatch {
  /** Unique; a second append of it changes nothing. */
  readonly id: string;
  /** Time of its first record. */
  readonly at: number;
  readonly records: number;
  /** A JSON array per record, each ended by a newline, its values in the order of `usageColumns`. */
  readonly lines: string;
  readonly sums: readonly UsageMinute[];
}

export const usageColumns = [
  "id",
  "at",
  "keyId",
  "tenantId",
  "route",
  "model",
  "target",
  "inputTokens",
  "cachedTokens",
  "outputTokens",
  "reasoningTokens",
  "costNano",
  "source",
  "exit",
] as const satisfies readonly (keyof UsageRow)[];

export type UsageGroup = "keyId" | "tenantId" | "model" | "day";

export interface UsageSum extends UsageCounts {
  /** Values of the asked groups, in their order; a day is `YYYY-MM-DD` (UTC). */
  readonly group: readonly string[];
}

/** What a budget has spent in one period. */
export interface BudgetSpentRow {
  readonly budgetId: string;
  /** `2026-01-31`, `2026-01` (UTC) or `total`. */
  readonly period: string;
  readonly spentNano: number;
  readonly updatedAt: number;
}
