import { join } from "node:path";
import type { Part } from "./part.ts";

const banner = /^k6(?:\.exe)? v(\d+\.\d+\.\d+\S*)/m;

/** Grafana's load generator: summaries to import, and the runner of exported scripts. */
export const k6: Part = {
  id: "k6",
  group: "go",
  get: "scripts/parts/k6.sh",
  async probe({ partsDir, run }) {
    const path = join(partsDir, "k6");
    const said = await run(path, ["version"], 10_000);
    if (!said.ok) return { id: "k6", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "k6", reason: "it gave no version of k6" };
    return { id: "k6", version, path };
  },
};
