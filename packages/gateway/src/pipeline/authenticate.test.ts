import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { eventually } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  errorCode,
  overUpstreams,
  runGateway,
  type Running,
  runUpstream,
  temporaryDir,
} from "../../test/harness.ts";
import { quietest } from "../../../testkit/src/quietest.ts";
import { drawKey, formatKey, parseKey } from "../identity/keys/key-format.ts";
import type { Controls } from "../controls.ts";
import { anonymousPrincipal } from "../identity/acting.ts";
import type { Identity } from "../identity/identity.ts";
import { operator } from "../index.ts";
import type { NewKey } from "../index.ts";

const path = "/v1/chat/completions";
const chat = { model: "sim", messages: [{ role: "user", content: "x" }] };
const by = operator();
let g: Running;

beforeAll(async () => {
  g = await runGateway({
    targets: {
      s: { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 },
      long: { provider: "simulator", tokens: 40, latency: 0, tokensPerSecond: 16 },
    },
    routes: {
      long: { models: ["long"], groups: [{ targets: ["long"] }] },
      sim: { models: ["sim"], groups: [{ targets: ["s"] }] },
      other: { models: ["other"], groups: [{ targets: ["s"] }] },
    },
  });
});
afterAll(() => g[Symbol.asyncDispose]());

async function keyOf(attributes: Partial<NewKey>, on = g): Promise<string> {
  return (await on.gateway.identity.keys.create(by, { name: "k", ...attributes })).secret;
}

function call(key: string, body: object = chat, headers: Record<string, string> = {}, on = g) {
  const all = { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers };
  return on.post(path, body, { headers: all });
}

const answer = async (response: Response): Promise<[number, string]> => [
  response.status,
  response.ok ? "" : await errorCode(response),
];

describe("who asks", () => {
  it("an unknown id and a wrong secret get one answer, byte for byte but the request's id", async () => {
    const parts = parseKey(await keyOf({}));
    const wrong = { ...drawKey("local", systemRandom()), id: parts?.id ?? "" };
    const unknown = formatKey(drawKey("local", systemRandom()));
    const shapes = await Promise.all(
      [formatKey(wrong), unknown].map(async (key) => {
        const response = await call(key);
        const { "x-request-id": _, date: __, ...headers } = Object.fromEntries(response.headers);
        const text = (await response.text()).replaceAll(/req_[0-9a-f]{24}/g, "ID");
        return { status: response.status, headers, text };
      }),
    );
    expect(shapes[0]).toEqual(shapes[1]);
    expect(shapes[0]?.text).toContain("LL_AUTH_INVALID");
    expect(shapes[0]?.headers).toMatchObject({ "www-authenticate": "Bearer" });
  });

  it("a key with 2 s of life is 200 and then, itself, 401 expired [R0-09]", async () => {
    const measure = async () => {
      const expiresAt = systemClock().wallMs() + 2000;
      const key = await keyOf({ expiresAt });
      const first = await answer(await call(key));
      return { key, first, expiresAt, isInTime: systemClock().wallMs() < expiresAt };
    };
    // A machine may take the two seconds to ask.
    const { key, first, expiresAt } = await quietest(measure, ({ isInTime }) => isInTime);
    expect(first).toEqual([200, ""]);
    await eventually(systemClock(), () => systemClock().wallMs() > expiresAt, 10_000);
    expect(await answer(await call(key))).toEqual([401, "LL_AUTH_EXPIRED"]);
  });

  it("a stream that began before its key expired goes on to its end, and is the key's last", async () => {
    const measure = async () => {
      const expiresAt = systemClock().wallMs() + 1000;
      const key = await keyOf({ expiresAt });
      const response = await call(key, { ...chat, model: "long", stream: true });
      const text = await response.text();
      return { key, text, status: response.status };
    };
    // A machine may take the second to ask.
    const { key, text, status } = await quietest(measure, (one) => one.status === 200);
    expect(status).toBe(200);
    expect(text).toContain("data: [DONE]");
    expect(text).not.toContain("error");
    expect(await answer(await call(key))).toEqual([401, "LL_AUTH_EXPIRED"]);
  });

  it("a key that is not valid yet and one for other addresses say so, with the right secret only", async () => {
    const later = await keyOf({ notBefore: systemClock().wallMs() + 3_600_000 });
    expect(await answer(await call(later))).toEqual([401, "LL_AUTH_NOT_YET"]);
    const away = await keyOf({ ips: ["192.0.2.0/24"] });
    expect(await answer(await call(away))).toEqual([403, "LL_AUTH_IP"]);
    const here = await keyOf({ ips: ["127.0.0.0/8"] });
    expect(await answer(await call(here))).toEqual([200, ""]);
  });

  it("a key bound to a certificate is refused on a connection that presents none", async () => {
    const key = await keyOf({ boundTo: "spiffe://example.org/svc" });
    expect(await answer(await call(key))).toEqual([403, "LL_AUTH_BINDING"]);
  });

  it("where keys are not required, calls and metrics are open, a bad key and admin are not", async () => {
    await using open = await runGateway({ auth: { required: false } });
    const headers = { "content-type": "application/json" };
    expect((await open.post(path, chat, { headers })).status).toBe(200);
    expect((await fetch(`${open.url}/metrics`)).status).toBe(200);
    expect((await fetch(`${open.url}/admin/v1/keys`)).status).toBe(401);
    expect(await answer(await call("nonsense", chat, {}, open))).toEqual([
      401,
      "LL_AUTH_MALFORMED",
    ]);
  });
});

describe("what a key may ask for", () => {
  it("a key narrowed to models gets 403 for others, 404 for unknown ones, and sees only its own", async () => {
    const key = await keyOf({ models: ["sim"] });
    expect(await answer(await call(key))).toEqual([200, ""]);
    const other = { ...chat, model: "other" };
    expect(await answer(await call(key, other))).toEqual([403, "LL_AUTHZ_DENIED"]);
    expect(await answer(await call(key, { ...chat, model: "none" }))).toEqual([
      404,
      "LL_MODEL_UNKNOWN",
    ]);
    const headers = { authorization: `Bearer ${key}` };
    const list = await fetch(`${g.url}/v1/models`, { headers });
    expect(await list.json()).toMatchObject({ data: [{ id: "sim" }] });
    expect((await fetch(`${g.url}/v1/models/other`, { headers })).status).toBe(404);
  });

  it("a key narrowed to routes gets 403 on others", async () => {
    const key = await keyOf({ routes: ["other"] });
    expect(await answer(await call(key, { ...chat, model: "other" }))).toEqual([200, ""]);
    expect(await answer(await call(key))).toEqual([403, "LL_AUTHZ_DENIED"]);
  });

  it("a key without the permission gets 403 that names it", async () => {
    const key = await keyOf({ permissions: ["models:read"] });
    const response = await call(key);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("inference:call");
  });
});

describe("what a caller narrows", () => {
  it("a route that serves the model is taken, another is refused, two that differ are refused", async () => {
    const ask = (headers: Record<string, string>, body: object = chat) =>
      call(g.key, body, headers).then(answer);
    expect(await ask({ "x-loadline-route": "sim" })).toEqual([200, ""]);
    expect(await ask({ "x-loadline-route": "other" })).toEqual([400, "LL_BODY_FIELD"]);
    const body = { ...chat, loadline: { route: "sim" } };
    expect(await ask({}, body)).toEqual([200, ""]);
    expect(await ask({ "x-loadline-route": "other" }, body)).toEqual([400, "LL_BODY_FIELD"]);
  });

  it("without fallback the second target is never tried, and a shorter time ends the call", async () => {
    let asked = 0;
    await using bad = await runUpstream((response) => {
      asked++;
      response.writeHead(500).end("{}");
    });
    await using silent = await runUpstream(() => undefined);
    await using two = await runGateway(overUpstreams(bad.baseUrl, bad.baseUrl));
    const body = { ...chat, model: "m" };
    expect((await call(two.key, body, { "x-loadline-no-fallback": "1" }, two)).status).toBe(502);
    expect(asked).toBe(1);
    await using slow = await runGateway(overUpstreams(silent.baseUrl));
    const late = await call(slow.key, body, { "x-loadline-timeout-ms": "200" }, slow);
    expect(late.status).toBe(504);
  });
});

describe("gateways with the control knocked out", () => {
  const ask = async (controls: Partial<Controls>): Promise<number[]> => {
    await using bad = await runGateway({}, temporaryDir(), controls);
    const viewer = await keyOf({ roles: ["viewer"] }, bad);
    const revoked = await bad.gateway.identity.keys.create(by, { name: "r" });
    await bad.gateway.identity.keys.revoke(by, revoked.id);
    const answers = [await call(viewer, chat, {}, bad), await call(revoked.secret, chat, {}, bad)];
    return answers.map(({ status }) => status);
  };

  it("the real one refuses both; each knock-out lets exactly one of them pass", async () => {
    expect(await ask({})).toEqual([403, 401]);
    const auth = (identity: Identity): Identity => ({ ...identity, authorize: () => "allow" });
    expect(await ask({ auth })).toEqual([200, 401]);
    const principal = anonymousPrincipal();
    const anybody = { ok: true, principal, isDegraded: false } as const;
    const open = (identity: Identity): Identity => ({
      ...identity,
      authenticate: (key, address, nowMs) => {
        const isRevoked = key === "" ? undefined : identity.authenticate(key, address, nowMs);
        if (!(isRevoked instanceof Promise)) return isRevoked ?? anybody;
        return isRevoked.then((found) => (found.ok ? found : anybody));
      },
    });
    expect(await ask({ auth: open })).toEqual([403, 200]);
  });
});
