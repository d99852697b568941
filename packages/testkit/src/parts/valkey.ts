import { join } from "node:path";
import { askVersion } from "./banner.ts";
import type { Part } from "./part.ts";

const question = {
  command: "chroot",
  timeoutMs: 10_000,
  banner: /^Valkey server v=(\d+(?:\.\d+)+) sha=/m,
  otherwise: "it gave no version of Valkey",
};

/** Valkey of Debian trixie, in a root of its own: the store that replicas share, by others. */
export const valkey: Part = {
  id: "valkey",
  group: "trixie",
  get: "scripts/parts/valkey.sh",
  async probe({ partsDir, run }) {
    const args = [join(partsDir, "trixie"), "valkey-server", "--version"];
    const answer = await askVersion(run, { ...question, args });
    if ("reason" in answer) return { id: "valkey", ...answer };
    return { id: "valkey", ...answer, path: join(partsDir, "valkey-server") };
  },
};
