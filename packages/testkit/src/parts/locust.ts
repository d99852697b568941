import { join } from "node:path";
import type { Part } from "./part.ts";

const banner = /^locust (\d+\.\d+\S*) from /m;

/** Locust: statistics to import. */
export const locust: Part = {
  id: "locust",
  group: "pip",
  get: "scripts/parts/locust.sh",
  async probe({ partsDir, run }) {
    const path = join(partsDir, "locust");
    const said = await run(path, ["--version"], 30_000);
    if (!said.ok) return { id: "locust", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined) return { id: "locust", reason: "it gave no version of Locust" };
    return { id: "locust", version, path };
  },
};
