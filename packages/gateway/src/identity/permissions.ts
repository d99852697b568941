/** Every permission of the product; the start is refused for one that no surface names. */
export const permissions = [
  "inference:call",
  "models:read",
  "models:swap",
  "keys:own",
  "keys:manage",
  "usage:own",
  "usage:read",
  "budgets:read",
  "routes:read",
  "breakers:read",
  "breakers:override",
  "users:manage",
  "roles:manage",
  "settings:read",
  "settings:manage",
  "audit:read",
  "metrics:read",
] as const;

export type Permission = (typeof permissions)[number];
