import { join } from "node:path";
import type { Part } from "./part.ts";

const banner = /^Jaeger backend v(\d+)$/m;

/** Jaeger, which takes traces over OTLP and finds them again. */
export const jaeger: Part = {
  id: "jaeger",
  group: "go",
  get: "scripts/parts/jaeger.sh",
  async probe({ partsDir, run }) {
    const path = join(partsDir, "jaeger");
    const said = await run(path, ["--help"], 30_000);
    if (!said.ok) return { id: "jaeger", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "jaeger", reason: "it gave no version of Jaeger" };
    return { id: "jaeger", version, path };
  },
};
