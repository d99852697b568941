import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Running, runGateway, temporaryDir } from "../../../packages/gateway/test/harness.ts";
import { repositoryRoot } from "../../architecture/tree.ts";
import { install } from "../install.ts";

const installed = await install(join(repositoryRoot, "test/conformance/upstreams/aimock"));
const said = "Hi there, from nobody here.";
const chatPath = "/v1/chat/completions";
const parameters = { type: "object", properties: { city: { type: "string" } } };
const tools = [{ type: "function", function: { name: "weather", parameters } }];

/** Starts aimock in a process of its own; resolves to its URL. */
function start(dir: string): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, ["serve.mjs"], {
    cwd: dir,
    stdio: ["pipe", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    let text = "";
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`aimock ended with ${code}`)));
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const url = /http:\/\/\S+/.exec(text)?.[0];
      if (url !== undefined) resolve({ url, child });
    });
  });
}

/** A gateway whose models are aimock behind each kind of provider. */
async function runOver(url: string, front: string): Promise<Running> {
  const keyFile = join(temporaryDir(), "key");
  writeFileSync(keyFile, "mock");
  const keys = [`\${file:${keyFile}}`];
  const target = (provider: string, baseUrl: string, more: object = {}) => ({
    provider,
    model: "gpt-4o",
    baseUrl,
    keys,
    ...more,
  });
  const targets = {
    compatible: target("openai-compatible", `${url}/v1`),
    openai: target("openai", `${url}/v1`),
    azure: target("azure-openai", url, { deployment: "gpt-4o" }),
    anthropic: target("anthropic", `${url}/v1`, { model: "claude-sonnet-4" }),
    gemini: target("gemini", `${url}/v1beta`, { model: "gemini-2.0-flash" }),
  };
  const names = Object.keys(targets);
  const route = (name: string) => [name, { models: [name], groups: [{ targets: [name] }] }];
  const routes = Object.fromEntries(names.map(route));
  return runGateway({ http: { front }, targets, routes });
}

const messages = [{ role: "user", content: "hello" }];
const models = ["compatible", "openai", "azure", "anthropic", "gemini"];

const title = "aimock, an upstream nobody here wrote, front %s";
describe.skipIf("missing" in installed).each(["http1", "node"])(title, (front) => {
  it("answers chats, streams and tools behind five kinds of provider", async () => {
    if ("missing" in installed) return;
    const { url, child } = await start(installed.dir);
    try {
      await using g = await runOver(url, front);
      for (const model of models) {
        const whole = await g.post(chatPath, { model, messages });
        expect([model, whole.status, await whole.json()]).toMatchObject([
          model,
          200,
          { choices: [{ message: { content: said }, finish_reason: "stop" }] },
        ]);
        const stream = await (await g.post(chatPath, { model, messages, stream: true })).text();
        const pieces = [...stream.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece);
        expect([model, pieces.join("")]).toEqual([model, said]);
        expect(stream.endsWith("data: [DONE]\n\n")).toBe(true);
        const asked = { model, messages: [{ role: "user", content: "weather" }], tools };
        const called = await (await g.post(chatPath, asked)).json();
        expect([model, called]).toMatchObject([
          model,
          {
            choices: [
              {
                finish_reason: "tool_calls",
                message: {
                  tool_calls: [
                    { function: { name: "weather", arguments: expect.stringContaining("Oslo") } },
                  ],
                },
              },
            ],
          },
        ]);
      }
    } finally {
      child.stdin?.end();
      child.kill();
    }
  });

  it("answers Anthropic's and the responses API, passed on and translated", async () => {
    if ("missing" in installed) return;
    const { url, child } = await start(installed.dir);
    try {
      await using g = await runOver(url, front);
      for (const model of ["anthropic", "compatible"]) {
        const asked = { model, max_tokens: 64, messages };
        const whole = await (await g.post("/v1/messages", asked)).json();
        expect(whole).toMatchObject({ type: "message", content: [{ type: "text", text: said }] });
        const stream = await (await g.post("/v1/messages", { ...asked, stream: true })).text();
        expect(stream).toContain("event: message_start");
        expect(stream.trimEnd().endsWith('data: {"type":"message_stop"}')).toBe(true);
      }
      for (const model of ["openai", "compatible"]) {
        const stream = await (
          await g.post("/v1/responses", { model, input: "hello", stream: true })
        ).text();
        expect(stream).toContain("response.completed");
        expect(stream).not.toContain('"error":{');
      }
    } finally {
      child.stdin?.end();
      child.kill();
    }
  });
});
