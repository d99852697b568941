/** Every permission of the product; a surface names one, a role or preset holds it. */
export const permissions = [
  "inference:call",
  "models:read",
  "models:manage",
  "keys:own",
  "keys:manage",
  "usage:own",
  "usage:read",
  "budgets:read",
  "budgets:manage",
  "routes:read",
  "routes:manage",
  "breakers:read",
  "breakers:override",
  "users:manage",
  "roles:manage",
  "secrets:manage",
  "settings:read",
  "settings:manage",
  "audit:read",
  "audit:export",
  "metrics:read",
] as const;

export type Permission = (typeof permissions)[number];
