import { existsSync } from "node:fs";
import { askVersion } from "./banner.ts";
import type { Part } from "./part.ts";

const binDir = "/usr/lib/postgresql/15/bin";
const question = {
  command: `${binDir}/postgres`,
  args: ["--version"],
  timeoutMs: 10_000,
  banner: /^postgres \(PostgreSQL\) (15\.\d+)/m,
  otherwise: "it is another version",
};

/** Debian's PostgreSQL 15; `path` is the folder with initdb, pg_ctl and postgres. */
export const postgres15: Part = {
  id: "postgres-15",
  group: "debian",
  get: "apt-get install -y --no-install-recommends postgresql-15",
  async probe({ run }) {
    const answer = await askVersion(run, question);
    if ("reason" in answer) return { id: "postgres-15", ...answer };
    // The server refuses to run as root, and `setpriv` is how root becomes somebody else.
    const isRoot = process.getuid?.() === 0;
    if (isRoot && !existsSync("/usr/bin/setpriv"))
      return { id: "postgres-15", reason: "there is no setpriv to leave root with" };
    return { id: "postgres-15", ...answer, path: binDir };
  },
};
