import { join } from "node:path";
import type { Part } from "./part.ts";

const banner = /^(5\.\d+\.\d+)\s*$/m;

/** Neo4j's community server, as Maven Central has it. */
export const neo4j: Part = {
  id: "neo4j",
  group: "maven",
  get: "scripts/parts/neo4j.sh",
  async probe({ partsDir, run }) {
    const path = join(partsDir, "neo4j");
    const said = await run(path, ["admin", "--version"], 60_000);
    if (!said.ok) return { id: "neo4j", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "neo4j", reason: "it gave no version of Neo4j" };
    return { id: "neo4j", version, path };
  },
};
