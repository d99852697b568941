import { gzipSync } from "node:zlib";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { completion, endJson, sampleIn } from "../../test/answers.ts";
import {
  errorCode,
  overUpstreams,
  runGateway,
  type Running,
  runUpstream,
} from "../../test/harness.ts";
import { Secret } from "../config/values.ts";

const chat = { model: "m", messages: [{ role: "user", content: "hi" }] };
const path = "/v1/chat/completions";
const transports = ["http1", "undici"] as const;

async function refusals(g: Running, of = "provider"): Promise<Record<string, number>> {
  const scrape = await (await g.get("/metrics")).text();
  const counts = ["address", "redirect", "size"].map((reason) => [
    reason,
    sampleIn(scrape, `loadline_egress_refusals_total{class="${of}",reason="${reason}"}`),
  ]);
  return Object.fromEntries(counts);
}

const named = (baseUrl: string): string => baseUrl.replace("127.0.0.1", "localhost");
const listing = (...addresses: readonly string[]) => ({
  egress: { classes: { provider: { addresses } } },
});
const none = { address: 0, redirect: 0, size: 0 };

/** An upstream with whole answers of about this many bytes. */
const large = (bytes: number) =>
  runUpstream((response) => endJson(response, 200, completion("x".repeat(bytes))));

describe.each(transports)("with %s as transport", (transport) => {
  it("a target's name that leads to an address which is not listed is never connected to", async () => {
    await using upstream = await runUpstream((response) => endJson(response, 200, completion()));
    const config = { ...overUpstreams(named(upstream.baseUrl)), transport };
    await using listed = await runGateway({ ...config, ...listing("127.0.0.0/8", "::1") });
    expect((await listed.post(path, chat)).status).toBe(200);
    await using usual = await runGateway(config);
    expect((await usual.post(path, chat)).status).toBe(200);
    expect(upstream.bodies).toHaveLength(2);
    await using g = await runGateway({ ...config, ...listing("10.0.0.0/8") });
    expect(await refusals(g)).toEqual(none);
    const refused = await g.post(path, chat);
    expect([refused.status, await errorCode(refused)]).toEqual([502, "LL_UPSTREAM_FAILED"]);
    expect(upstream.bodies).toHaveLength(2);
    expect((await refusals(g))["address"]).toBeGreaterThan(0);
    await eventually(systemClock(), () => g.logged().includes("LL_EGRESS_BLOCKED"), 20_000);
    expect(g.logged()).toContain(
      '"class":"provider","code":"LL_EGRESS_BLOCKED","host":"localhost"',
    );
  });

  it("a redirect is not followed, and no key reaches where it leads", async () => {
    await using elsewhere = await runUpstream((response) => endJson(response, 200, completion()));
    await using upstream = await runUpstream((response) => {
      response.writeHead(307, { location: `${elsewhere.baseUrl}/chat/completions` }).end();
    });
    await using g = await runGateway({ ...overUpstreams(upstream.baseUrl), transport });
    for (const isStream of [false, true]) {
      const answer = await g.post(path, { ...chat, stream: isStream });
      const attempts = [{ class: "misconfigured", status: 307 }];
      const error = { code: "LL_UPSTREAM_FAILED", loadline: { attempts } };
      expect(await answer.json()).toMatchObject({ error });
      expect(answer.status).toBe(502);
      expect(answer.headers.has("location")).toBe(false);
    }
    expect([upstream.bodies.length, elsewhere.bodies.length]).toEqual([2, 0]);
    expect(await refusals(g)).toEqual({ ...none, redirect: 2 });
    await eventually(systemClock(), () => g.logged().includes("LL_EGRESS_REDIRECT"), 20_000);
    expect(g.logged()).toContain('"code":"LL_EGRESS_REDIRECT","from":"u0"');
  });

  it("a whole answer over its bound goes to the next target, one below it to the client", async () => {
    await using over = await large(5000);
    await using below = await large(3000);
    const config = { ...overUpstreams(over.baseUrl, below.baseUrl), transport };
    await using g = await runGateway({ ...config, egress: { bodyBytesMax: 4096 } });
    const answer = await g.post(path, chat);
    expect([answer.status, answer.headers.get("x-loadline-target")]).toEqual([200, "u1"]);
    expect((await answer.text()).length).toBeGreaterThan(3000);
    expect(await refusals(g)).toEqual({ ...none, size: 1 });
    await eventually(systemClock(), () => g.logged().includes("LL_EGRESS_BODY"), 20_000);
  });

  it("one that was already on its way to the client breaks off at the bound", async () => {
    await using upstream = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write(" ".repeat(3000));
      setImmediate(() => response.end(" ".repeat(9000)));
    });
    await using g = await runGateway({
      ...overUpstreams(upstream.baseUrl),
      transport,
      egress: { bodyBytesMax: 8192 },
      stream: { heldBytesMax: 1024 },
    });
    const answer = await g.post(path, chat);
    expect([answer.status, answer.headers.get("x-loadline-commit")]).toEqual([200, "early"]);
    await expect(answer.text()).rejects.toThrow();
    expect(await refusals(g)).toEqual({ ...none, size: 1 });
  });

  it("a stream has no bound of bytes", async () => {
    const event = (text: string) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text } }] })}\n\n`;
    const finish = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
    await using upstream = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`${event("word ".repeat(2000))}${finish}data: [DONE]\n\n`);
    });
    const config = { ...overUpstreams(upstream.baseUrl), transport };
    await using g = await runGateway({ ...config, egress: { bodyBytesMax: 1024 } });
    const text = await (await g.post(path, { ...chat, stream: true })).text();
    expect(text).toContain("data: [DONE]");
    expect(await refusals(g)).toEqual(none);
  });
});

describe("an answer that comes compressed", () => {
  const words = Array.from({ length: 4000 }, (_, i) => ((i * 7919) % 65_536).toString(36));
  const plain = JSON.stringify(completion(words.join("")));
  const zipped = gzipSync(plain);
  const settings = [
    ["decoded", { decodedBytesMax: plain.length - 1 }, 502],
    ["as it comes", { bodyBytesMax: zipped.length - 1 }, 502],
    ["and below both", { decodedBytesMax: plain.length, bodyBytesMax: zipped.length }, 200],
  ] as const;

  it.each(settings)("is bounded %s by %j", async (_how, egress, status) => {
    await using upstream = await runUpstream((response) => {
      response
        .writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" })
        .end(zipped);
    });
    const { baseUrl } = upstream;
    const target = { provider: "openai-compatible", model: "big", baseUrl, compression: true };
    const config = { ...overUpstreams(baseUrl), targets: { u0: target } };
    await using g = await runGateway({ ...config, egress });
    const answer = await g.post(path, chat);
    expect(answer.status).toBe(status);
    expect(await refusals(g)).toEqual({ ...none, size: status === 200 ? 0 : 1 });
  });
});

it("a proxy's name that leads to an address which is not listed is never connected to", async () => {
  await using proxy = await runUpstream((response) => endJson(response, 200, completion()));
  const target = { provider: "openai-compatible", model: "m", baseUrl: "http://a.test/v1" };
  const proxied = { ...target, proxy: { url: named(new URL(proxy.baseUrl).origin) } };
  const config = { ...overUpstreams("http://a.test"), targets: { u0: proxied } };
  await using usual = await runGateway(config);
  expect((await usual.post(path, chat)).status).toBe(200);
  await using g = await runGateway({ ...config, ...listing() });
  expect((await g.post(path, chat)).status).toBe(502);
  expect(proxy.bodies).toHaveLength(1);
  expect((await refusals(g))["address"]).toBeGreaterThan(0);
});

it("a collector's redirect is not followed, and counted", async () => {
  await using elsewhere = await runUpstream((response) => void response.end());
  await using collector = await runUpstream((response) => {
    response.writeHead(308, { location: elsewhere.baseUrl }).end();
  });
  const traces = { endpoint: collector.baseUrl, sampleRatio: 1 };
  await using g = await runGateway({ telemetry: { overloadAfter: 0, traces } });
  await g.post(path, { ...chat, model: "sim" });
  const counted = async () => (await refusals(g, "telemetry"))["redirect"] === 1;
  await eventually(systemClock(), counted, 15_000);
  expect([collector.bodies.length, elsewhere.bodies.length]).toEqual([1, 0]);
});

it("a redirect of the object store is not followed, and counted", async () => {
  await using elsewhere = await runUpstream((response) => void response.end());
  await using store = await runUpstream((response) => {
    response.writeHead(307, { location: elsewhere.baseUrl }).end();
  });
  const key = new Secret("key", "${env:D}");
  const keys = { accessKey: key, secretKey: key };
  const objects = { endpoint: new URL(store.baseUrl).origin, bucket: "bucket", ...keys };
  await using g = await runGateway({ stores: { objects } });
  const body = new FormData();
  body.set("purpose", "assistants");
  body.set("file", new Blob(["x"]), "x.txt");
  const headers = { authorization: `Bearer ${g.key}` };
  const answer = await fetch(`${g.url}/v1/files`, { method: "POST", headers, body });
  expect(answer.status).toBeGreaterThanOrEqual(500);
  expect((await refusals(g, "store"))["redirect"]).toBeGreaterThan(0);
  expect(elsewhere.bodies).toHaveLength(0);
});

describe("an address that is written and not listed", () => {
  const at = "http://127.0.0.1:9";
  const target = { provider: "openai-compatible", model: "m", baseUrl: "https://a.test/v1" };
  const proxied = { ...target, proxy: { url: at } };
  const secret = (text: string): Secret => new Secret(text, "${env:D}");
  const keys = { accessKey: secret("a"), secretKey: secret("s") };
  const objects = { endpoint: at, bucket: "bucket", ...keys };
  const cases = [
    ["provider", overUpstreams(`${at}/v1`)],
    ["provider", { targets: { t: proxied }, routes: {} }],
    ["telemetry", { telemetry: { traces: { endpoint: `${at}/v1/traces` } } }],
    ["telemetry", { telemetry: { errors: { dsn: secret("http://k@127.0.0.1:9/7") } } }],
    ["store", { stores: { objects } }],
  ] as const;

  it.each(cases)("of class %s stops the start: %j", async (of, config) => {
    const egress = { classes: { [of]: { addresses: [] } } };
    await expect(runGateway({ ...config, egress })).rejects.toMatchObject({
      code: "LL_EGRESS_BLOCKED",
    });
  });
});

it("what a listed address is must be a range", async () => {
  await expect(runGateway(listing("10.0.0.0/33"))).rejects.toMatchObject({
    code: "LL_CONFIG_INVALID",
  });
});
