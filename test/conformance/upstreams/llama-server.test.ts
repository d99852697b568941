import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePort } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { runGateway } from "../../../packages/gateway/test/harness.ts";
import { requireParts } from "../../../packages/testkit/src/parts/index.ts";
import { repositoryRoot } from "../../architecture/tree.ts";

const parts = await requireParts(["llama-server"]);
const model = join(repositoryRoot, "packages/gateway/models/tiny/loadline-tiny.gguf");
const startDeadlineMs = 60_000;

const title = "llama-server, an upstream nobody here wrote, front %s";
describe.skipIf(parts.missing).each(["http1", "node"])(title, (front) => {
  it("answers chats, streams and messages through the gateway, with its own usage", async () => {
    const port = await freePort();
    const child = spawn(parts.found("llama-server").path, [model, String(port)], {
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    try {
      const health = async (): Promise<number> =>
        (await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))?.status ?? 0;
      await expect.poll(health, { timeout: startDeadlineMs }).toBe(200);
      const baseUrl = `http://127.0.0.1:${port}/v1`;
      await using g = await runGateway({
        http: { front },
        targets: { l: { provider: "openai-compatible", model: "loadline-tiny", baseUrl } },
        routes: { r: { models: ["m"], groups: [{ targets: ["l"] }] } },
      });
      const asked = { model: "m", messages: [{ role: "user", content: "What is Loadline?" }] };
      const whole = await g.post("/v1/chat/completions", { ...asked, max_tokens: 16 });
      expect([whole.status, await whole.json()]).toMatchObject([
        200,
        { choices: [{ message: { content: expect.stringMatching(/\w/) } }] },
      ]);
      const options = { max_tokens: 16, stream: true, stream_options: { include_usage: true } };
      const stream = await (await g.post("/v1/chat/completions", { ...asked, ...options })).text();
      expect(stream).toMatch(/"completion_tokens":\d+/);
      expect(stream.endsWith("data: [DONE]\n\n")).toBe(true);
      const message = await g.post("/v1/messages", { ...asked, max_tokens: 16, stream: true });
      const events = await message.text();
      expect(events.startsWith("event: message_start\n")).toBe(true);
      expect(events).toContain("text_delta");
      expect(events).toMatch(/"output_tokens":[1-9]/);
      expect(events.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')).toBe(true);
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
  });
});
