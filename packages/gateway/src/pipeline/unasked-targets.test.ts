import type { ServerResponse } from "node:http";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { completion, endJson, sampleIn } from "../../test/answers.ts";
import { overUpstreams, runGateway, type Running, runUpstream } from "../../test/harness.ts";

const clock = systemClock();
const longMs = 20_000;
const path = "/v1/chat/completions";
const plain = { model: "m", messages: [{ role: "user", content: "hi" }] };
/** `seed` has no place in messages, which is all that the target in the middle speaks. */
const chat = { ...plain, seed: 1 };
const failing = (response: ServerResponse): void =>
  endJson(response, 500, { error: { message: "m", type: "server_error" } });
const saying =
  (content: string) =>
  (response: ServerResponse): void =>
    endJson(response, 200, completion(content));

/** Targets `u0`, `u1` and so on, of which `u1` cannot be asked for `chat`. */
function settings(urls: readonly string[], more: object = {}) {
  const { targets } = overUpstreams(...urls);
  const foreign = {
    provider: "openai-compatible",
    model: "big",
    baseUrl: urls[1],
    serves: ["messages"],
  };
  const names = urls.map((_, i) => `u${i}`);
  const route = { models: ["m"], groups: [{ targets: names }], ...more };
  return { targets: { ...Object(targets), u1: foreign }, routes: { r: route } };
}

async function scraped(g: Running, series: string): Promise<number> {
  return sampleIn(await (await g.get("/metrics")).text(), series);
}

describe("a fallback that cannot be asked this", () => {
  it("is passed over: the target behind it answers, and it is no attempt", async () => {
    await using a = await runUpstream(failing);
    await using b = await runUpstream(saying("b"));
    await using c = await runUpstream(saying("c"));
    await using g = await runGateway(settings([a.baseUrl, b.baseUrl, c.baseUrl]));
    const response = await g.post(path, chat);
    expect([response.status, response.headers.get("x-loadline-target")]).toEqual([200, "u2"]);
    expect(response.headers.get("x-loadline-attempts")).toBe("2");
    expect([a.bodies.length, b.bodies.length, c.bodies.length]).toEqual([1, 0, 1]);
    expect(await scraped(g, 'loadline_breaker_state{target="u1"}')).toBe(0);
  });

  it("takes no attempt from those behind it: three targets are asked all the same", async () => {
    await using a = await runUpstream(failing);
    await using b = await runUpstream(saying("b"));
    await using c = await runUpstream(failing);
    await using d = await runUpstream(saying("d"));
    await using g = await runGateway(settings([a.baseUrl, b.baseUrl, c.baseUrl, d.baseUrl]));
    const response = await g.post(path, chat);
    expect([response.status, response.headers.get("x-loadline-target")]).toEqual([200, "u3"]);
    expect(response.headers.get("x-loadline-attempts")).toBe("3");
  });

  it("with nothing behind it leaves the failure before it as the answer", async () => {
    await using a = await runUpstream(failing);
    await using b = await runUpstream(saying("b"));
    await using g = await runGateway(settings([a.baseUrl, b.baseUrl]));
    const response = await g.post(path, chat);
    expect([response.status, await response.text()]).toEqual([
      502,
      expect.stringContaining("LL_UPSTREAM_FAILED"),
    ]);
  });

  it("is asked for what it can be asked", async () => {
    await using a = await runUpstream(failing);
    await using b = await runUpstream(failing);
    await using c = await runUpstream(saying("c"));
    await using g = await runGateway(settings([a.baseUrl, b.baseUrl, c.baseUrl]));
    expect((await g.post(path, plain)).headers.get("x-loadline-attempts")).toBe("3");
    expect(b.bodies).toHaveLength(1);
  });
});

describe("a hedge that cannot be asked this", () => {
  it("leaves the call beside it alone, and nobody is told of a hedge", async () => {
    const held: ServerResponse[] = [];
    await using a = await runUpstream((response, body) => {
      if (body.includes('"seed"')) held.push(response);
      else endJson(response, 200, completion("a"));
    });
    await using b = await runUpstream(saying("b"));
    await using g = await runGateway(
      settings([a.baseUrl, b.baseUrl], { hedge: { after: "10ms", share: 0.02 } }),
    );
    // 2 % of the requests may be hedged: the 50th is the first that may, however slow those before.
    for (let i = 0; i < 49; i++) await (await g.post(path, plain)).text();
    const asked = g.post(path, chat);
    const started = 'loadline_hedges_total{outcome="started"}';
    await eventually(clock, async () => (await scraped(g, started)) === 1, longMs);
    await eventually(clock, () => held.length === 1, longMs);
    for (const response of held) endJson(response, 200, completion("late"));
    const response = await asked;
    expect([response.status, response.headers.get("x-loadline-target")]).toEqual([200, "u0"]);
    expect(response.headers.get("x-loadline-hedged")).toBeNull();
    expect(response.headers.get("x-loadline-attempts")).toBe("1");
    expect(await response.text()).toContain("late");
    expect(b.bodies).toHaveLength(0);
    expect(await scraped(g, "loadline_exit_violations_total")).toBe(0);
  });
});
