import { gzipSync } from "node:zlib";
import { parseJson } from "@loadline/kit/json";
import { textIn } from "../wire/shape.ts";
import { type RawCall, type RawReply, startRawWeb } from "./raw-web.ts";
import type { StartTwin } from "./twin.ts";

const token = "right-token-of-the-twin";
const bodyBytesMax = 10_000;
const origin = "https://app.example";
const list = { type: "object", required: ["items"], properties: { items: { type: "array" } } };
const ok = (schema: object) => ({
  responses: { "200": { description: "ok", content: { "application/json": { schema } } } },
});
const document = JSON.stringify({
  openapi: "3.1.0",
  info: { title: "twin", version: "0.1.0" },
  paths: {
    "/items": { get: ok(list) },
    "/items/{id}": { get: ok({ type: "object" }) },
    "/pages/{page}": {
      get: {
        parameters: [{ name: "page", in: "path", schema: { type: "integer", example: 2 } }],
        responses: { ...ok({ type: "object" }).responses, "422": {} },
      },
    },
  },
});

const refused = (status: number, code: string): RawReply => ({
  status,
  body: JSON.stringify({ error: { code } }),
});

function word(call: RawCall): string {
  if (call.headers.origin !== undefined && call.headers.origin !== origin) {
    return "from https://foreign";
  }
  if (call.headers["if-none-match"] !== undefined) return "if-none-match";
  return call.headers["accept-encoding"] === "gzip" ? "gzip" : "";
}

function posted({ body }: RawCall): RawReply {
  if (body.length > bodyBytesMax) return refused(413, "too_large");
  const given = parseJson(body.toString("utf8"));
  if (given === undefined) return refused(400, "no_json");
  return textIn(given, "name") === "" ? refused(422, "name") : { status: 201, body: "{}" };
}

/** A login that gives a token, what the token opens, and its end. */
function startAccounts(): (call: RawCall) => RawReply | null {
  const open = new Set<string>();
  let count = 0;
  return ({ method, url, headers, body }) => {
    const call = `${method} ${url.pathname}`;
    const bearer = headers.authorization?.replace("Bearer ", "") ?? "";
    if (call === "POST /login") {
      const given = parseJson(body.toString("utf8"));
      if (textIn(given, "password") !== token) return refused(401, "login");
      const made = `session-${++count}-of-the-twin`;
      open.add(made);
      return { status: 200, body: JSON.stringify({ data: { token: made } }) };
    }
    if (call === "POST /logout") return { status: open.delete(bearer) ? 204 : 401 };
    if (call !== "GET /me") return null;
    return open.has(bearer) ? { status: 200, body: '{"user":"me"}' } : refused(401, "login");
  };
}

const bearer = { authorization: "Bearer {{token}}" };
const steps = {
  session: [
    {
      method: "POST",
      path: "/login",
      json: { user: "me", password: "${env:TWIN_TOKEN}" },
      take: { token: "data.token" },
    },
    { path: "/me", headers: bearer, equals: { user: "me" } },
    { method: "POST", path: "/logout", headers: bearer, status: [200, 204] },
    { path: "/me", headers: bearer, status: 401, contains: "error" },
  ],
};

function answer(call: RawCall): RawReply {
  const isOurs = call.headers.origin === origin;
  const headers = isOurs ? { "access-control-allow-origin": origin } : {};
  if (call.method === "OPTIONS") return { status: 204, headers };
  const reply = answerOf(call);
  return isOurs ? { ...reply, headers: { ...reply.headers, ...headers } } : reply;
}

function answerOf(call: RawCall): RawReply {
  const path = call.url.pathname;
  if (/^\/pages\/\d+$/.test(path)) return { status: 200, body: "{}" };
  if (path.startsWith("/pages/")) return refused(422, "page");
  if (!["/health", "/openapi.json", "/items"].includes(path)) return refused(404, "no_route");
  if (call.method === "POST" && path === "/items") return posted(call);
  if (call.method !== "GET") return refused(405, "method");
  if (path === "/health") return { status: 200, body: '{"status":"ok","version":"0.1.0"}' };
  if (path === "/openapi.json") return { status: 200, body: document };
  if (call.headers.authorization !== `Bearer ${token}`) return refused(401, "login");
  const etag = '"v1"';
  if (call.headers["if-none-match"] === etag) return { status: 304, headers: { etag } };
  const body = '{"items":[]}';
  return call.headers["accept-encoding"] === "gzip"
    ? { status: 200, body: gzipSync(body), headers: { etag, "content-encoding": "gzip" } }
    : { status: 200, body, headers: { etag } };
}

/** The twin of an HTTP API. */
export const startHttpTwin: StartTwin = async (rules) => {
  const accounts = startAccounts();
  const stub = await startRawWeb({
    rules,
    mark: word,
    answer: (call) => accounts(call) ?? answer(call),
  });
  return {
    service: {
      kind: "http",
      url: stub.url,
      token: "${env:TWIN_TOKEN}",
      openapi: "/openapi.json",
      cors: { path: "/items", allowed: origin },
      compressed: "/items",
      cached: "/items",
      accepts: { path: "/items", bodyBytesMax },
      refusals: [{ path: "/items", json: { name: [] }, status: 422 }],
      version: "0.1",
      steps,
    },
    secrets: { TWIN_TOKEN: token },
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
};
