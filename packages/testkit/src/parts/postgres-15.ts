import { existsSync } from "node:fs";
import type { Part } from "./part.ts";

const binDir = "/usr/lib/postgresql/15/bin";
const banner = /^postgres \(PostgreSQL\) (15\.\d+)/m;

/** Debian's PostgreSQL 15; `path` is the folder with initdb, pg_ctl and postgres. */
export const postgres15: Part = {
  id: "postgres-15",
  group: "debian",
  get: "apt-get install -y --no-install-recommends postgresql-15",
  async probe({ run }) {
    const said = await run(`${binDir}/postgres`, ["--version"], 10_000);
    if (!said.ok) return { id: "postgres-15", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "postgres-15", reason: "it is another version" };
    // The server refuses to run as root, and `setpriv` is how root becomes somebody else.
    const isRoot = process.getuid?.() === 0;
    if (isRoot && !existsSync("/usr/bin/setpriv"))
      return { id: "postgres-15", reason: "there is no setpriv to leave root with" };
    return { id: "postgres-15", version, path: binDir };
  },
};
