import { programPart } from "./banner.ts";

/** Neo4j's community server, as Maven Central has it. */
export const neo4j = programPart({
  id: "neo4j",
  group: "maven",
  get: "scripts/parts/neo4j.sh",
  paths: ["neo4j"],
  args: ["admin", "--version"],
  timeoutMs: 60_000,
  banner: /^(5\.\d+\.\d+)\s*$/m,
  otherwise: "it gave no version of Neo4j",
});
