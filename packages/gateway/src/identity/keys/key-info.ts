import type { KeyRow } from "../../state/rows.ts";
import { grantOfKey } from "../effective.ts";
import { stateRefusal } from "./verify.ts";

/** What is known of a key; never its secret. Times are ISO 8601. */
export interface KeyInfo {
  readonly id: string;
  readonly env: string;
  readonly name: string;
  readonly state: "live" | "not_yet" | "expired" | "revoked";
  readonly tenantId: string;
  readonly ownerId?: string;
  readonly kind: KeyRow["kind"];
  readonly roles: readonly string[];
  /** Everything the key itself holds; its owner and tenant may narrow it further. */
  readonly permissions: readonly string[];
  readonly models?: readonly string[];
  readonly routes?: readonly string[];
  readonly ips?: readonly string[];
  readonly budgetId?: string;
  readonly rateId?: string;
  readonly boundTo?: string;
  readonly createdAt: string;
  readonly notBefore?: string;
  readonly rotatedAt?: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
  readonly revokedReason?: string;
  /** Until then the secret before the rotation is good, too. */
  readonly overlapUntil?: string;
  /** To the minute. */
  readonly lastUsedAt?: string;
}

const states = {
  LL_AUTH_REVOKED: "revoked",
  LL_AUTH_EXPIRED: "expired",
  LL_AUTH_NOT_YET: "not_yet",
} as const;

const times = ["notBefore", "rotatedAt", "expiresAt", "revokedAt", "overlapUntil", "lastUsedAt"];
const plain = ["ownerId", "models", "routes", "ips", "budgetId", "rateId", "boundTo"];

/** The state is that at `nowMs`. */
export function keyInfoOf(row: KeyRow, nowMs: number): KeyInfo {
  const refusal = stateRefusal(row, nowMs);
  const state = refusal && refusal in states ? states[refusal as keyof typeof states] : "live";
  const more = Object.entries(row).flatMap(([name, value]): [string, unknown][] => {
    if (value === undefined) return [];
    if (times.includes(name)) return [[name, new Date(Number(value)).toISOString()]];
    return plain.includes(name) || name === "revokedReason" ? [[name, value]] : [];
  });
  return {
    id: row.id,
    env: row.env,
    name: row.name,
    state,
    tenantId: row.tenantId,
    kind: row.kind,
    roles: row.roles,
    permissions: [...grantOfKey(row).permissions].sort(),
    createdAt: new Date(row.createdAt).toISOString(),
    ...Object.fromEntries(more),
  };
}
