import { programPart } from "./banner.ts";

/** MinIO: the object store that judges our signatures. */
export const minio = programPart({
  id: "minio",
  group: "go",
  get: "scripts/parts/minio.sh",
  paths: ["minio"],
  args: ["--version"],
  timeoutMs: 30_000,
  banner: /^minio(?:\.exe)? version (\S+)/m,
  otherwise: "it gave no version of MinIO",
});
