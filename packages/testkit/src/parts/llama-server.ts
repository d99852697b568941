import { join } from "node:path";
import { askVersion } from "./banner.ts";
import type { Part } from "./part.ts";

const question = {
  command: "chroot",
  timeoutMs: 10_000,
  banner: /^version: (\S+) \(/m,
  otherwise: "it gave no version of llama.cpp",
};

/** Debian sid's llama.cpp server: an OpenAI-shaped upstream that nobody here wrote. */
export const llamaServer: Part = {
  id: "llama-server",
  group: "sid",
  get: "scripts/parts/llama-server.sh",
  async probe({ partsDir, run }) {
    const args = [join(partsDir, "sid"), "llama-server", "--version"];
    const answer = await askVersion(run, { ...question, args });
    if ("reason" in answer) return { id: "llama-server", ...answer };
    return { id: "llama-server", ...answer, path: join(partsDir, "llama-server") };
  },
};
