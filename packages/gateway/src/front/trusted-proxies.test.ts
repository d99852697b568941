import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { openWorld } from "../admin/world.fixture.ts";

const sim = {
  targets: { s: { provider: "simulator", tokens: 1, latency: 0 } },
  routes: { r: { models: ["sim"], groups: [{ targets: ["s"] }] } },
};
const chat = JSON.stringify({ model: "sim", messages: [] });

function send(url: string, key: string, forwarded: string, body = chat): Promise<number> {
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    ...(forwarded !== "" && { "x-forwarded-for": forwarded }),
  };
  return new Promise((resolve, reject) => {
    const method = body === "" ? "GET" : "POST";
    const sent = request(url, { method, headers, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end(body === "" ? undefined : body);
  });
}

describe.each(["http1", "node"])("behind a trusted proxy, front %s", (front) => {
  const open = (trustedProxies: readonly string[], more: Record<string, unknown> = {}) =>
    openWorld({ ...sim, ...more, http: { front, trustedProxies } });
  const path = "/v1/chat/completions";

  it("a key's addresses are the client's, and a forged hop before it changes nothing", async () => {
    await using world = await open(["127.0.0.1"]);
    const ips = ["198.51.100.0/24"];
    const { secret } = await world.makeKey({ name: "k", ips });
    const url = `${world.running.url}${path}`;
    expect(await send(url, secret, "198.51.100.7")).toBe(200);
    expect(await send(url, secret, "203.0.113.5, 198.51.100.7")).toBe(200);
    expect(await send(url, secret, "198.51.100.7, 203.0.113.5")).toBe(403);
    expect(await send(url, secret, "198.51.100.7, 127.0.0.1")).toBe(200);
    expect(await send(url, secret, "")).toBe(403);
  });

  it("without one the header is nobody's word", async () => {
    await using world = await open(["10.0.0.0/8"]);
    const { secret } = await world.makeKey({ name: "k", ips: ["198.51.100.0/24"] });
    expect(await send(`${world.running.url}${path}`, secret, "198.51.100.7")).toBe(403);
  });

  it("failures count for the client's address, not for the proxy's", async () => {
    await using world = await open(["127.0.0.1"], { addressLimit: { failuresPerMinute: 3 } });
    const url = `${world.running.url}${path}`;
    const wrong = `${world.keys.caller.slice(0, -1)}!`;
    for (let i = 0; i < 3; i++) expect(await send(url, wrong, "203.0.113.5")).toBe(401);
    expect(await send(url, world.keys.caller, "203.0.113.5")).toBe(429);
    expect(await send(url, world.keys.caller, "1.2.3.4, 203.0.113.5")).toBe(429);
    expect(await send(url, world.keys.caller, "203.0.113.6")).toBe(200);
  });

  it("admin.allowFrom and the audit log see the client", async () => {
    await using world = await open(["127.0.0.1"]);
    const keys = `${world.running.url}/admin/v1/keys`;
    expect(await send(keys, world.keys.platform, "203.0.113.5", "")).toBe(403);
    expect(await send(keys, world.keys.platform, "127.0.0.1", "")).toBe(200);
    await send(`${world.running.url}${path}`, world.keys.admin, "203.0.113.9", "{}");
    const denied = `${world.running.url}/metrics`;
    expect(await send(denied, world.keys.caller, "203.0.113.9", "")).toBe(403);
    // Denials are written in groups, beside the answer.
    const isOnRecord = async (): Promise<boolean> =>
      (await world.entries("default")).some((one) => one.ip === "203.0.113.9");
    await expect.poll(isOnRecord, { timeout: 10_000 }).toBe(true);
  });
});

describe("http.trustedProxies", () => {
  it("a text that is no range is refused before anything listens", async () => {
    const opened = openWorld({ ...sim, http: { trustedProxies: ["10.0.0/8"] } });
    await expect(opened).rejects.toMatchObject({ code: "LL_CONFIG_INVALID" });
  });
});
