import { describe, expect, it } from "vitest";
import { completion, endJson } from "../../test/answers.ts";
import { runGateway, runUpstream } from "../../test/harness.ts";

const path = "/v1/messages";
const ask = { model: "m", max_tokens: 9, messages: [{ role: "user", content: "hi" }] };

async function dropping(front: "http1" | "node") {
  const upstream = await runUpstream((response, body) => {
    if (!body.includes('"stream":true')) return endJson(response, 200, completion("A"));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(
      'data: {"choices":[{"index":0,"delta":{"content":"A"}}]}\n\n' +
        'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    );
  });
  const { baseUrl } = upstream;
  const target = { provider: "openai-compatible", model: "big", baseUrl, unsupported: "drop" };
  const gateway = await runGateway({
    http: { front },
    targets: { t: target },
    routes: { r: { models: ["m"], groups: [{ targets: ["t"] }] } },
  });
  return { upstream, gateway };
}

describe.each(["http1", "node"] as const)("what was dropped, by the front %s", (front) => {
  it.each([
    ["a line break", { "a\r\nx-evil: 1": 1 }],
    ["a letter beyond latin", { "\u6f22": 1 }],
    ["an emoji", { "\u{1f600}": 1 }],
    ["a zero byte", { "\0": 1 }],
    ["a comma", { "a,b": 1 }],
    ["no name", { "": 1 }],
    ["a name of 100 KB", { ["x".repeat(100_000)]: 1 }],
    [
      "1,000 names",
      Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`name-of-a-member-${i}`, i])),
    ],
  ])("is told in one short header, whatever its name holds: %s", async (_what, more) => {
    const { upstream, gateway } = await dropping(front);
    await using _upstream = upstream;
    await using g = gateway;
    for (const stream of [false, true]) {
      const response = await g.post(path, { ...ask, ...more, stream });
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('"A"');
      expect(response.headers.get("x-evil")).toBeNull();
      const told = response.headers.get("x-loadline-dropped") ?? "";
      expect(told).toMatch(/^[\x21-\x7e]+$/);
      expect(told.length).toBeLessThanOrEqual(4096);
    }
  });
});
