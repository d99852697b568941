import { machineRemedies } from "./machines.ts";
import { serviceRemedies } from "./services.ts";
import { storeRemedies } from "./stores.ts";

/** Checks that mean the same of every kind. */
const ofAll: Readonly<Record<string, string>> = {
  answers: "Look whether it runs, whether this is its address, and what its own log says.",
  version: "Deploy the declared version, or declare the one that runs once it was tested.",
  login: "Compare the login of the manifest with the service's own, its rights with what it does.",
  locked: "Turn anonymous access off, and change the maker's password.",
  read_back: "Look at its disk, whether it is read-only or a replica, and at its log.",
};

const rows: Readonly<Record<string, string>> = {
  ...ofAll,
  ...machineRemedies,
  ...serviceRemedies,
  ...storeRemedies,
  edge: "Send it by hand with the command, and follow it: address, network, credential, queue.",
};

/** Kinds whose checks are those of another. */
const like: Readonly<Record<string, string>> = { timescaledb: "postgres", minio: "s3" };

/**
 * What to do about a check of a kind that failed, one sentence; undefined where nobody wrote one.
 * `edge` is that of every edge, `window.NAME` that of every window.
 */
export function remedyOf(kind: string, check: string): string | undefined {
  const name = check.startsWith("window.") ? "window" : check;
  const keys = [`${kind}.${name}`, `${like[kind] ?? kind}.${name}`, name];
  const key = keys.find((one) => Object.hasOwn(rows, one));
  return key === undefined ? undefined : rows[key];
}

/** Every key, for whoever looks for rows without a check. */
export const remedyKeys: readonly string[] = Object.keys(rows);
