import { join } from "node:path";
import type { Part } from "./part.ts";

const banner = /^minio(?:\.exe)? version (\S+)/m;

/** MinIO: the object store that judges our signatures. */
export const minio: Part = {
  id: "minio",
  group: "go",
  get: "scripts/parts/minio.sh",
  async probe({ partsDir, run }) {
    const path = join(partsDir, "minio");
    const said = await run(path, ["--version"], 30_000);
    if (!said.ok) return { id: "minio", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "minio", reason: "it gave no version of MinIO" };
    return { id: "minio", version, path };
  },
};
