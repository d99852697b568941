import { programPart } from "./banner.ts";

/** Qdrant as its maker releases it; no registry has the server. */
export const qdrant = programPart({
  id: "qdrant",
  group: "release",
  get: "its maker's release, as qdrant in the folder of parts",
  paths: ["qdrant"],
  args: ["--version"],
  timeoutMs: 10_000,
  banner: /^qdrant (\d+(?:\.\d+)+)/m,
  otherwise: "it gave no version of Qdrant",
});
