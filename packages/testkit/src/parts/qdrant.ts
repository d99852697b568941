import { join } from "node:path";
import type { Part } from "./part.ts";

const banner = /^qdrant (\d+(?:\.\d+)+)/m;

/** Qdrant as its maker releases it; no registry has the server. */
export const qdrant: Part = {
  id: "qdrant",
  group: "release",
  get: "its maker's release, as qdrant in the folder of parts",
  async probe({ partsDir, run }) {
    const path = join(partsDir, "qdrant");
    const said = await run(path, ["--version"], 10_000);
    if (!said.ok) return { id: "qdrant", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "qdrant", reason: "it gave no version of Qdrant" };
    return { id: "qdrant", version, path };
  },
};
