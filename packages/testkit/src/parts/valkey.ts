import { join } from "node:path";
import type { Part } from "./part.ts";

const banner = /^Valkey server v=(\d+(?:\.\d+)+) sha=/m;

/** Valkey of Debian trixie, in a root of its own: the store that replicas share, by others. */
export const valkey: Part = {
  id: "valkey",
  group: "trixie",
  get: "scripts/parts/valkey.sh",
  async probe({ partsDir, run }) {
    const said = await run(
      "chroot",
      [join(partsDir, "trixie"), "valkey-server", "--version"],
      10_000,
    );
    if (!said.ok) return { id: "valkey", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "valkey", reason: "it gave no version of Valkey" };
    return { id: "valkey", version, path: join(partsDir, "valkey-server") };
  },
};
