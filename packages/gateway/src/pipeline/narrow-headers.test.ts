import { request } from "node:http";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { operator } from "../index.ts";
import { completion, endJson } from "../../test/answers.ts";
import { overUpstreams, type Running, runGateway, runUpstream } from "../../test/harness.ts";

const clock = systemClock();
const body = { model: "m", messages: [{ role: "user", content: "hi" }] };

const good = () => runUpstream((response) => endJson(response, 200, completion()));
const failing = () => runUpstream((response) => endJson(response, 500, {}));
const silent = () => runUpstream(() => undefined);

const ask = (
  g: Running,
  lines: Readonly<Record<string, string>>,
  o: { body?: object; key?: string } = {},
): Promise<Response> => {
  const headers = {
    authorization: `Bearer ${o.key ?? g.key}`,
    "content-type": "application/json",
    ...lines,
  };
  return g.post("/v1/chat/completions", { ...body, ...o.body }, { headers });
};

/** The body of the answer to a request that names its route in two lines of its head. */
function askedTwice(g: Running, routes: string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = {
    authorization: `Bearer ${g.key}`,
    "content-type": "application/json",
    "x-loadline-route": routes,
  };
  const asked = request(`${g.url}/v1/chat/completions`, { method: "POST", headers }, (answer) => {
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (part: string) => void (text += part));
    answer.on("end", () => resolve(text));
  });
  asked.on("error", reject);
  asked.end(JSON.stringify(body));
  return promise;
}

describe("what a caller narrows by a header", () => {
  it("x-loadline-no-fallback: only the first target is asked; without it the second answers", async () => {
    await using a = await failing();
    await using b = await good();
    await using g = await runGateway({
      ...overUpstreams(a.baseUrl, b.baseUrl),
      routes: { r: { models: ["m"], groups: [{ strategy: "priority", targets: ["u0", "u1"] }] } },
    });
    for (const value of ["1", "true"]) {
      const alone = await ask(g, { "x-loadline-no-fallback": value });
      expect([alone.status, alone.headers.get("x-loadline-attempts")]).toEqual([502, "1"]);
    }
    expect(b.requests).toHaveLength(0);
    for (const value of ["0", "false"]) {
      const both = await ask(g, { "x-loadline-no-fallback": value });
      expect([both.status, both.headers.get("x-loadline-target")]).toEqual([200, "u1"]);
    }
  });

  it("x-loadline-timeout-ms: a shorter time ends the call with 504, a longer one lengthens nothing", async () => {
    await using a = await silent();
    await using patient = await runGateway({
      ...overUpstreams(a.baseUrl),
      timeouts: { total: "60s" },
    });
    await using hasty = await runGateway({
      ...overUpstreams(a.baseUrl),
      timeouts: { total: "600ms" },
    });
    const took = async (g: Running, ms: string): Promise<number> => {
      const startedMs = clock.monotonicMs();
      expect((await ask(g, { "x-loadline-timeout-ms": ms })).status).toBe(504);
      return clock.monotonicMs() - startedMs;
    };
    expect(await took(patient, "150")).toBeLessThan(15_000);
    const longer = await took(hasty, "60000");
    expect(longer).toBeGreaterThan(500);
    expect(longer).toBeLessThan(15_000);
  });

  it("header and body narrow together: the shorter time holds, two routes are refused", async () => {
    await using a = await silent();
    await using g = await runGateway(overUpstreams(a.baseUrl));
    const startedMs = clock.monotonicMs();
    const answer = await ask(
      g,
      { "x-loadline-timeout-ms": "60000" },
      { body: { loadline: { timeoutMs: 150 } } },
    );
    expect(answer.status).toBe(504);
    expect(clock.monotonicMs() - startedMs).toBeLessThan(15_000);
    const two = await ask(
      g,
      { "x-loadline-route": "r" },
      { body: { loadline: { route: "other" } } },
    );
    expect([two.status, await two.text()]).toEqual([
      400,
      expect.stringContaining("Two routes are asked for."),
    ]);
    expect(await askedTwice(g, ["other", "r"])).toContain("Two routes are asked for.");
    expect(await askedTwice(g, ["other", "other"])).toContain("does not serve the model");
  });

  it("x-loadline-route: takes the route that serves the model when the key is granted it", async () => {
    await using a = await good();
    await using g = await runGateway(overUpstreams(a.baseUrl));
    const made = async (routes: string[]): Promise<string> =>
      (await g.gateway.identity.keys.create(operator(), { name: "k", routes })).secret;
    const granted = await ask(g, { "x-loadline-route": "r" }, { key: await made(["r"]) });
    expect(granted.status).toBe(200);
    const not = await ask(g, { "x-loadline-route": "r" }, { key: await made(["other"]) });
    expect([not.status, await not.text()]).toEqual([
      403,
      expect.stringContaining("LL_AUTHZ_DENIED"),
    ]);
    expect(a.requests).toHaveLength(1);
  });

  it("nothing of it reaches the upstream", async () => {
    await using a = await good();
    await using g = await runGateway(overUpstreams(a.baseUrl));
    const lines = { "x-loadline-timeout-ms": "5000", "x-loadline-route": "r" };
    await ask(g, lines, { body: { loadline: { noFallback: true } } });
    expect(Object.keys(a.requests[0]?.headers ?? {}).join()).not.toContain("loadline");
    expect(a.bodies[0]).not.toContain("loadline");
  });
});
