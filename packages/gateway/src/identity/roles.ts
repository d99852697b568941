import { everyTenant } from "./authorize.ts";
import { type Permission, permissions } from "./permissions.ts";

/** Roles of people, each holding all of the one before it. */
export const roleNames = ["viewer", "editor", "admin"] as const;
/** Presets for keys that do one thing. */
export const presetNames = ["caller", "scraper"] as const;

export type RoleName = (typeof roleNames)[number] | (typeof presetNames)[number];

const viewer = ["models:read", "usage:own"] as const satisfies readonly Permission[];
const caller = [
  "inference:call",
  "models:read",
  "usage:own",
] as const satisfies readonly Permission[];
const editor = [...caller, "keys:own"] as const satisfies readonly Permission[];

/** What all tenants do together: of roles the preset `scraper`, and an admin of tenant `*`, alone. */
const ofEveryTenant: Permission = "metrics:read";
const everything: ReadonlySet<Permission> = new Set(permissions);

const table: Readonly<Record<RoleName, ReadonlySet<Permission>>> = {
  viewer: new Set(viewer),
  editor: new Set(editor),
  admin: new Set(permissions.filter((one) => one !== ofEveryTenant)),
  caller: new Set(caller),
  scraper: new Set<Permission>(["metrics:read"]),
};

const imported = new Map<string, RoleName>([
  ["ReadOnly", "viewer"],
  ["User", "caller"],
  ["Admin", "admin"],
]);

/** Every role and preset, in the order of their rank. */
export const allRoles: readonly RoleName[] = [...roleNames, ...presetNames];

export function isRole(name: string): name is RoleName {
  return Object.hasOwn(table, name);
}

export function isPermission(name: string): name is Permission {
  const known: readonly string[] = permissions;
  return known.includes(name);
}

/** A role by its own name, by a name other products use (`ReadOnly`, `User`, `Admin`), or none. */
export function readRole(name: string): RoleName | undefined {
  return isRole(name) ? name : imported.get(name);
}

/** What a role or preset holds in a tenant; nothing for a name that is neither. */
export function permissionsOfRole(name: string, tenantId?: string): ReadonlySet<Permission> {
  if (name === "admin" && tenantId === everyTenant) return everything;
  return isRole(name) ? table[name] : new Set();
}

/** Union of what several roles hold in a tenant. */
export function permissionsOfRoles(names: readonly string[], tenantId?: string): Set<Permission> {
  const all = new Set<Permission>();
  for (const name of names) for (const one of permissionsOfRole(name, tenantId)) all.add(one);
  return all;
}
