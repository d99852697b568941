import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { completion } from "../../test/answers.ts";
import { overUpstreams, runGateway, runUpstream, temporaryDir } from "../../test/harness.ts";
import { loadConfig } from "../index.ts";
import { runReloadable } from "../snapshot/reload.fixture.ts";

const path = "/v1/chat/completions";
const chat = { model: "m", messages: [{ role: "user", content: "hi" }] };
const answer = JSON.stringify(completion("yes"));

const runJson = () =>
  runUpstream((response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(answer);
  });

/** One target at this address with further settings. */
function over(baseUrl: string, more: object, rest: object = {}): Record<string, unknown> {
  const target = { provider: "openai-compatible", model: "big", baseUrl, ...more };
  return { ...overUpstreams(baseUrl), targets: { u0: target }, ...rest };
}

/** undici says that it keeps its connections; our own client says nothing. */
const isUndici = (connection: string | undefined): boolean => connection === "keep-alive";

describe("who speaks to a target", () => {
  it.each([
    [{}, {}, false],
    [{ transport: "auto" }, {}, false],
    [{ transport: "undici" }, {}, true],
    [{ transport: "http1" }, { transport: "undici" }, false],
    [{ compression: true }, {}, true],
    [{ http2: false, compression: false }, {}, false],
    [{}, { transport: "undici" }, true],
    [{}, { transport: "http1" }, false],
  ])("with %j, and %j for all, is undici: %s", async (own, all, wanted) => {
    await using upstream = await runJson();
    await using g = await runGateway(over(upstream.baseUrl, own, all));
    const response = await g.post(path, chat);
    expect([response.status, await response.text()]).toEqual([200, answer]);
    expect(isUndici(upstream.requests[0]?.headers.connection)).toBe(wanted);
  });

  it("a reload of the switch for all takes the next request over", async () => {
    await using upstream = await runJson();
    await using g = await runReloadable(over(upstream.baseUrl, {}));
    await g.chat();
    await g.reload(over(upstream.baseUrl, {}, { transport: "undici" }));
    await g.chat();
    const seen = upstream.requests.map(({ headers }) => isUndici(headers.connection));
    expect(seen).toEqual([false, true]);
  });

  it("a compressed answer reaches the client as it was before, whole and in events", async () => {
    const event = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n';
    const finish = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
    const events = `${event}${finish}data: [DONE]\n\n`;
    await using upstream = await runUpstream((response, body, request) => {
      const isStream = body.includes('"stream":true');
      const type = isStream ? "text/event-stream" : "application/json";
      const isAsked = request.headers["accept-encoding"]?.includes("gzip") === true;
      response.writeHead(isAsked ? 200 : 406, { "content-type": type, "content-encoding": "gzip" });
      response.end(gzipSync(isStream ? events : answer));
    });
    await using g = await runGateway(over(upstream.baseUrl, { compression: true }));
    const whole = await g.post(path, chat);
    expect(whole.headers.get("content-encoding")).toBeNull();
    expect(await whole.text()).toBe(answer);
    const streamed = await g.post(path, { ...chat, stream: true });
    expect(await streamed.text()).toBe(events);
  });

  it("a proxy stands between, with its password from a file that no log shows", async () => {
    const file = join(temporaryDir(), "proxy");
    writeFileSync(file, "user:word");
    await using proxy = await runJson();
    const url = proxy.baseUrl.replace("/v1", "");
    const settings = over("http://models.test/v1", { proxy: { url, auth: `\${file:${file}}` } });
    await using g = await runGateway(settings);
    expect((await g.post(path, chat)).status).toBe(200);
    const [request] = proxy.requests;
    expect(request?.url).toBe("http://models.test/v1/chat/completions");
    expect(request?.headers["proxy-authorization"]).toBe(`Basic ${btoa("user:word")}`);
    expect(g.logged()).not.toContain("word");
  });
});

describe("settings that contradict each other", () => {
  it.each([
    [{ transport: "http1", http2: true }, /targets\.u0\.transport.*write auto or undici/s],
    [{ transport: "http1", compression: true }, /targets\.u0\.transport/],
    [{ transport: "http1", proxy: { url: "http://p.test" } }, /targets\.u0\.transport/],
    [{ proxy: { url: "http://u:p@p.test" } }, /targets\.u0\.proxy\.url.*auth/s],
    [{ proxy: { url: "socks5://p.test" } }, /targets\.u0\.proxy\.url/],
    [{ transport: "h2" }, /targets\.u0\.transport/],
    [{ proxy: { url: "http://p.test", auth: "user:word" } }, /proxy\.auth.*as a reference/],
  ])("%j is refused by its path", (own, wanted) => {
    expect(() => loadConfig(undefined, {}, over("http://a.test/v1", own))).toThrow(wanted);
  });

  it("the switch for all is named where one target cannot follow it", () => {
    const settings = over("http://a.test/v1", { http2: true }, { transport: "http1" });
    expect(() => loadConfig(undefined, {}, settings)).toThrow(/targets\.u0\.transport/);
  });

  it("a simulator has no transport, whatever is set for all", () => {
    const targets = { s: { provider: "simulator" } };
    expect(loadConfig(undefined, {}, { targets, transport: "undici" }).targets["s"]).toEqual(
      expect.not.objectContaining({ transport: "undici" }),
    );
  });
});
