import { join } from "node:path";
import type { Part } from "./part.ts";

const control = "/usr/share/postgresql/17/extension/timescaledb.control";
const banner = /^default_version = '(\d+(?:\.\d+)+)'$/m;

/**
 * TimescaleDB on Debian trixie's PostgreSQL 17, in a root of its own; `path` is a folder with initdb,
 * postgres and pg_isready, which leave root by themselves.
 */
export const timescaledb: Part = {
  id: "timescaledb",
  group: "trixie",
  get: "scripts/parts/timescaledb.sh",
  async probe({ partsDir, run }) {
    const path = join(partsDir, "timescaledb");
    // Whoever may not mount and leave root cannot start it, whatever is installed.
    const server = await run(join(path, "postgres"), ["--version"], 20_000);
    if (!server.ok) return { id: "timescaledb", reason: server.reason };
    const said = await run("chroot", [join(partsDir, "trixie"), "cat", control], 10_000);
    const version = said.ok ? banner.exec(said.text)?.[1] : undefined;
    if (version === undefined) {
      return { id: "timescaledb", reason: "PostgreSQL 17 is there without TimescaleDB" };
    }
    return { id: "timescaledb", version, path };
  },
};
