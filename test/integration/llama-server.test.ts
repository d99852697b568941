import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { repositoryRoot } from "../architecture/tree.ts";

const parts = await requireParts(["llama-server"]);
const model = join(repositoryRoot, "packages/gateway/models/tiny/loadline-tiny.gguf");
const startDeadlineMs = 60_000;

async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() => {
      if (typeof address === "object" && address !== null) resolve(address.port);
      else reject(new Error("no port was bound"));
    });
  });
  return promise;
}

/** Asks until `url` answers 200 or the deadline passes; each refused try counts as not yet. */
async function answers(url: string): Promise<void> {
  const deadline = performance.now() + startDeadlineMs;
  for (;;) {
    const response = await fetch(url).catch((error: unknown) => {
      if (performance.now() > deadline) throw error;
      return undefined;
    });
    if (response?.ok === true) return;
    if (performance.now() > deadline) throw new Error(`${url} gave no 200 in time`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.skipIf(parts.missing)("Debian's llama-server", () => {
  it("loads the GGUF of this repository and answers a chat with usage", async () => {
    const port = await freePort();
    const child = spawn(parts.found("llama-server").path, [model, String(port)], {
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    try {
      await answers(`http://127.0.0.1:${port}/health`);
      const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model: "loadline-tiny",
          messages: [{ role: "user", content: "What is Loadline?" }],
          max_tokens: 16,
        }),
      });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({
        choices: [{ message: { role: "assistant", content: expect.stringMatching(/\w/) } }],
        usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
      });
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
  });
});
