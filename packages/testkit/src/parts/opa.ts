import { join } from "node:path";
import type { Part } from "./part.ts";

const banner = /^Version: (\d+\.\d+\.\d+\S*)$/m;

/** The Open Policy Agent, which runs the sample admission policy. */
export const opa: Part = {
  id: "opa",
  group: "go",
  get: "scripts/parts/opa.sh",
  async probe({ partsDir, run }) {
    const path = join(partsDir, "opa");
    const said = await run(path, ["version"], 30_000);
    if (!said.ok) return { id: "opa", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "opa", reason: "it gave no version of OPA" };
    return { id: "opa", version, path };
  },
};
