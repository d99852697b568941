import { join } from "node:path";
import type { Part } from "./part.ts";

const banner = /^grafana version (\d+(?:\.\d+)+)/im;

/** Grafana as its maker releases it, unpacked; no registry has it. */
export const grafana: Part = {
  id: "grafana",
  group: "release",
  get: "its maker's release, unpacked as grafana in the folder of parts",
  async probe({ partsDir, run }) {
    const path = join(partsDir, "grafana/bin/grafana");
    const said = await run(path, ["--version"], 10_000);
    if (!said.ok) return { id: "grafana", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "grafana", reason: "it gave no version of Grafana" };
    return { id: "grafana", version, path };
  },
};
