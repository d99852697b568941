import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { quietest } from "../../testkit/src/quietest.ts";
import { describe, expect, it } from "vitest";
import { errorCode, overUpstreams, runGateway, temporaryDir } from "../test/harness.ts";
import { operator } from "./index.ts";

const chat = { model: "sim", messages: [{ role: "user", content: "secret prompt 4711" }] };
const path = "/v1/chat/completions";

describe("requests and their answers", () => {
  it("a chat, an embedding and the models are answered with a request id", async () => {
    await using g = await runGateway();
    const answer = await g.post(path, chat);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{24}$/);
    expect(await answer.json()).toMatchObject({ object: "chat.completion" });
    expect((await g.post("/v1/embeddings", { model: "sim", input: "x" })).status).toBe(200);
    expect(await (await g.get("/v1/models")).json()).toMatchObject({
      object: "list",
      data: [{ id: "sim", object: "model" }],
    });
    expect(await (await g.get("/v1/models/sim")).json()).toMatchObject({ id: "sim" });
  });

  it.each([
    ["malformed JSON", "{", 400, "LL_BODY_INVALID_JSON"],
    ["a repeated model", '{"model":"a","model":"b"}', 400, "LL_BODY_DUPLICATE_KEY"],
    ["no messages", { model: "sim" }, 400, "LL_BODY_FIELD"],
    ["an unknown model", { model: "nope", messages: [] }, 404, "LL_MODEL_UNKNOWN"],
  ])(
    "%s is refused in OpenAI's envelope, which nobody may keep",
    async (_name, body, status, code) => {
      await using g = await runGateway();
      const answer = await g.post(path, body);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect([answer.status, await errorCode(answer)]).toEqual([status, code]);
    },
  );

  it("the root says without a key which build answers, and the API it names is served", async () => {
    await using g = await runGateway();
    const answer = await fetch(`${g.url}/`);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    const about: unknown = await answer.json();
    expect(about).toEqual({
      name: "loadline",
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      commit: null,
      apiVersions: ["v1"],
    });
    expect((await g.get("/v1/models")).status).toBe(200);
    const other = await fetch(`${g.url}/`, { method: "POST" });
    expect([other.status, other.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("unknown paths are 404, wrong methods 405 with Allow, unknown models 404", async () => {
    await using g = await runGateway();
    const unknown = await g.get("/v1/nothing");
    expect([unknown.status, await errorCode(unknown)]).toEqual([404, "LL_ROUTE_UNKNOWN"]);
    const method = await g.get(path);
    expect([method.status, method.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await errorCode(method)).toBe("LL_ROUTE_METHOD");
    const model = await g.get("/v1/models/nope");
    expect([model.status, await errorCode(model)]).toEqual([404, "LL_MODEL_UNKNOWN"]);
  });

  it("missing, malformed and wrong keys are 401; unknown id and wrong secret are one answer", async () => {
    await using g = await runGateway();
    const other = await runGateway();
    const wrong = other.key;
    await other[Symbol.asyncDispose]();
    for (const [header, code] of [
      [undefined, "LL_AUTH_MISSING"],
      ["Basic abc", "LL_AUTH_MALFORMED"],
      ["Bearer ll_x", "LL_AUTH_MALFORMED"],
      [`Bearer ${wrong}`, "LL_AUTH_INVALID"],
    ] as const) {
      const headers = {
        "content-type": "application/json",
        ...(header && { authorization: header }),
      };
      const answer = await g.post(path, chat, { headers });
      expect([answer.status, await errorCode(answer)]).toEqual([401, code]);
    }
  });

  it("another content type is 415", async () => {
    await using g = await runGateway();
    const headers = { authorization: `Bearer ${g.key}`, "content-type": "text/plain" };
    const answer = await g.post(path, "{}", { headers });
    expect([answer.status, await errorCode(answer)]).toEqual([415, "LL_BODY_TYPE"]);
  });

  it("a Content-Length over the limit is 413 before a body byte is sent", async () => {
    await using g = await runGateway();
    const text = await g.raw(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${g.key}\r\n` +
        "content-type: application/json\r\ncontent-length: 99999999\r\n\r\n",
    );
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toContain("LL_BODY_TOO_LARGE");
  });

  it("a chunked body is counted and refused as it passes the limit", async () => {
    await using g = await runGateway({ http: { bodyBytesMax: 1024 } });
    const chunk = `400\r\n${"x".repeat(1024)}\r\n`;
    const text = await g.raw(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${g.key}\r\nconnection: close\r\n` +
        `content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("a head that does not end in time is 408", async () => {
    await using g = await runGateway({ http: { head: "100ms" } });
    const half = () => g.raw(`POST ${path} HTTP/1.1\r\nhost: x\r\n`);
    // To a machine that stood for that time no byte had come: such a connection is just closed.
    const text = await quietest(half, (all) => all !== "");
    expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r/);
    expect(text).toContain("LL_HTTP_TIMEOUT");
  });

  it.each([
    ["two Host headers", "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n"],
    ["a Host with a path", "GET /healthz HTTP/1.1\r\nhost: a/b\r\n"],
    ["dot segments", "GET /v1/../healthz HTTP/1.1\r\nhost: a\r\n"],
    ["encoded dot segments", "GET /v1/%2e%2e/healthz HTTP/1.1\r\nhost: a\r\n"],
    ["an absolute target", "GET http://b/healthz HTTP/1.1\r\nhost: a\r\n"],
    [
      "two Authorization headers",
      "GET /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: x\r\nauthorization: y\r\n",
    ],
    [
      "both framings",
      "POST /v1/embeddings HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n",
    ],
  ])("%s are refused with 400", async (_name, head) => {
    await using g = await runGateway();
    expect(await g.raw(`${head}connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("state over restarts", () => {
  it("the first key is made once, stays good over a restart and is stored nowhere", async () => {
    const stateDir = temporaryDir();
    const first = await runGateway({}, stateDir);
    const answer = await first.post(path, chat);
    expect(answer.status).toBe(200);
    const log = first.logged();
    await first.gateway.close({ graceMs: 0 });
    await using second = await runGateway({}, stateDir);
    expect(second.gateway.firstKey).toBe(undefined);
    const headers = { authorization: `Bearer ${first.key}`, "content-type": "application/json" };
    expect((await second.post(path, chat, { headers })).status).toBe(200);
    const secret = first.key.split("_")[3] ?? "no secret";
    const stored = readdirSync(stateDir).map((name) =>
      readFileSync(join(stateDir, name), "latin1"),
    );
    for (const text of [log, second.logged(), ...stored]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain("4711");
    }
    expect(statSync(join(stateDir, "pepper")).mode & 0o777).toBe(0o600);
  });

  it("a second gateway on the same state is refused by name with the owner's pid", async () => {
    await using g = await runGateway();
    await expect(runGateway({}, g.stateDir)).rejects.toMatchObject({
      code: "LL_STATE_LOCKED",
      message: expect.stringContaining(String(process.pid)),
    });
  });

  it("a key made and then revoked while the gateway runs is good and then refused", async () => {
    await using g = await runGateway();
    const { id, secret } = await g.gateway.identity.keys.create(operator(), { name: "n" });
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    expect((await g.post(path, chat, { headers })).status).toBe(200);
    await g.gateway.identity.keys.revoke(operator(), id);
    await expect
      .poll(async () => errorCode(await g.post(path, chat, { headers })), { timeout: 10_000 })
      .toBe("LL_AUTH_REVOKED");
  });

  it("a port in use is refused by name with exit 78", async () => {
    await using g = await runGateway();
    const port = Number(new URL(g.url).port);
    await expect(runGateway({ listen: { port } })).rejects.toMatchObject({
      code: "LL_SERVER_PORT_IN_USE",
      row: { exit: 78 },
    });
  });
});

describe("health and metrics", () => {
  it("every label set is there with value 0 at the first scrape, with the bounds of the SLOs", async () => {
    await using g = await runGateway();
    const text = await (await g.get("/metrics")).text();
    expect(text).toContain(
      'loadline_requests_total{operation="chat",route="sim",status="200"} 0\n',
    );
    expect(text).toContain(
      'loadline_requests_total{operation="chat",route="_none",status="401"} 0\n',
    );
    expect(text).toContain('loadline_upstream_attempts_total{target="s",class="connect"} 0\n');
    expect(text).toContain(
      'loadline_tokens_total{model="sim",direction="out",source="provider"} 0\n',
    );
    for (const bound of ["0.5", "1.5", "2.0", "+Inf"])
      expect(text).toContain(
        `loadline_request_duration_seconds_bucket{route="sim",stream="true",le="${bound}"} 0\n`,
      );
    expect(text.endsWith("# EOF\n")).toBe(true);
  });

  it("requests, tokens and refusals are counted where they belong", async () => {
    await using g = await runGateway();
    await (await g.post(path, chat)).text();
    await (await g.post(path, { ...chat, stream: true })).text();
    await (await g.post(path, "{")).text();
    const text = await (await g.get("/metrics")).text();
    expect(text).toContain(
      'loadline_requests_total{operation="chat",route="sim",status="200"} 2\n',
    );
    expect(text).toContain(
      'loadline_requests_total{operation="chat",route="_none",status="400"} 1\n',
    );
    expect(text).toContain(
      'loadline_tokens_total{model="sim",direction="out",source="provider"} 6\n',
    );
    expect(text).toContain('loadline_stream_exits_total{route="sim",exit="ok"} 1\n');
  });

  it("readiness says which route has no target, and drain makes it 503", async () => {
    await using g = await runGateway({ drain: { accept: "1s", grace: "1s" } });
    expect((await g.get("/readyz")).status).toBe(200);
    const closing = g.gateway.close();
    const answer = await g.get("/readyz");
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { status: "not_ready", reasons: ["draining"] },
    ]);
    await closing;
  });

  it("a route over a dead upstream is still ready: only calls tell", async () => {
    await using g = await runGateway(overUpstreams("http://127.0.0.1:9/v1"));
    expect((await g.get("/readyz")).status).toBe(200);
  });
});
