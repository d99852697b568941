import type { OptionSpec } from "../args.ts";

/** Where the store is; the same file as that of `serve`. */
export const storeOptions: readonly OptionSpec[] = [
  { name: "config", value: "FILE", help: "gateway configuration that names the store" },
];

/** Attributes of a key and of what is done with it. */
export const keyOptions: readonly OptionSpec[] = [
  { name: "name", value: "NAME", help: "create: what the key is for" },
  { name: "role", value: "A,B", help: "create: caller (default), viewer, editor, admin, scraper" },
  { name: "permissions", value: "A,B", help: "create: exactly these in place of a role's" },
  { name: "models", value: "A,B", help: "create: only these models" },
  { name: "routes", value: "A,B", help: "create: only these routes" },
  { name: "ips", value: "A,B", help: "create: only from these CIDR ranges" },
  { name: "bound-to", value: "ID", help: "create: only with this certificate, sha256: or spiffe:" },
  { name: "expires", value: "TIME", help: "create: life of the key, such as 30d" },
  { name: "not-before", value: "TIME", help: "create: good only after this time, such as 1h" },
  { name: "budget", value: "ID", help: "create: budget that its calls draw on" },
  { name: "rate", value: "ID", help: "create: rate class of its calls" },
  { name: "owner", value: "USER", help: "create: user whose permissions bound the key's" },
  { name: "tenant", value: "ID", help: "create, list: tenant, default `default`" },
  { name: "env", value: "NAME", help: "create: second part of the key, default local" },
  { name: "overlap", value: "TIME", help: "rotate: the old secret stays good, default 24h" },
  { name: "force", help: "rotate: end the oldest of two live secrets now" },
  { name: "reason", value: "TEXT", help: "revoke: why, kept with the key" },
  { name: "key-env", value: "NAME", help: "check: variable that holds the key" },
  ...storeOptions,
];

/** Attributes of a user. */
export const userOptions: readonly OptionSpec[] = [
  { name: "role", value: "A,B", help: "create: roles of the user; default none" },
  { name: "label", value: "TEXT", help: "create: name shown to people, default the subject" },
  {
    name: "issuer",
    value: "URL",
    help: "create: who knows the subject, default local, of another tenant local:ID",
  },
  { name: "tenant", value: "ID", help: "create, list: tenant, default `default`" },
  ...storeOptions,
];

/** What is given to a user, and taken. */
export const roleOptions: readonly OptionSpec[] = [
  { name: "role", value: "NAME", help: "grant, revoke: viewer, editor, admin, caller, scraper" },
  { name: "permission", value: "NAME", help: "grant: one permission beyond the roles" },
  { name: "reason", value: "TEXT", help: "grant --permission: why; it has to be given" },
  { name: "expires", value: "TIME", help: "grant --permission: how long, such as 8h" },
  { name: "grant", value: "ID", help: "revoke: a custom grant by its id" },
  ...storeOptions,
];
