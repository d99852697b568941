import { join } from "node:path";
import type { Part } from "./part.ts";

const banner = /^version: (\S+) \(/m;

/** Debian sid's llama.cpp server: an OpenAI-shaped upstream that nobody here wrote. */
export const llamaServer: Part = {
  id: "llama-server",
  group: "sid",
  get: "scripts/parts/llama-server.sh",
  async probe({ partsDir, run }) {
    const said = await run("chroot", [join(partsDir, "sid"), "llama-server", "--version"], 10_000);
    if (!said.ok) return { id: "llama-server", reason: said.reason };
    const version = banner.exec(said.text)?.[1];
    if (version === undefined)
      return { id: "llama-server", reason: "it gave no version of llama.cpp" };
    return { id: "llama-server", version, path: join(partsDir, "llama-server") };
  },
};
