import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runGateway, type Running } from "../../test/harness.ts";
import { operator } from "../index.ts";

let g: Running;
let other = "";
const crlf = "\r\n";

/** A kept-alive connection on which requests are sent one after the other. */
class Wire {
  readonly #socket: Socket;
  #text = "";
  #isClosed = false;

  constructor(url: string) {
    this.#socket = connect(Number(new URL(url).port), "127.0.0.1");
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (chunk: string) => void (this.#text += chunk));
    this.#socket.on("close", () => void (this.#isClosed = true));
    // What is refused may be cut off while the rest of it is on its way; a close follows.
    this.#socket.on("error", () => undefined);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends a head (and body) and resolves to the whole answer. */
  async send(lines: readonly string[], body = ""): Promise<string> {
    this.#text = "";
    this.#socket.write([...lines, "", body].join(crlf));
    await expect.poll(() => this.#isWhole() || this.#isClosed, { interval: 2 }).toBe(true);
    return this.#text;
  }

  close(): void {
    this.#socket.destroy();
  }

  #isWhole(): boolean {
    const end = this.#text.indexOf(crlf + crlf);
    const length = /content-length: (\d+)/i.exec(this.#text)?.[1];
    return end >= 0 && length !== undefined && this.#text.length >= end + 4 + Number(length);
  }
}

beforeAll(async () => {
  g = await runGateway();
  other = (await g.gateway.identity.keys.create(operator(), { name: "other" })).secret;
});
afterAll(() => g[Symbol.asyncDispose]());

const answerOf = (text: string): [number, string] => [
  Number(text.slice(9, 12)),
  /"code":"(LL_[A-Z_]+)"/.exec(text)?.[1] ?? "",
];
const good = (): string[] => [
  "GET /v1/models HTTP/1.1",
  "host: a",
  `authorization: Bearer ${g.key}`,
];
const asKey = (): string => `authorization: Bearer ${g.key}`;

/** [name, lines of the request, status, code] */
const rows: readonly [string, () => string[], number, string][] = [
  ["two Authorization headers", () => [...good(), asKey()], 400, "LL_AUTH_AMBIGUOUS"],
  [
    "two x-api-key headers",
    () => ["GET /v1/models HTTP/1.1", "host: a", `x-api-key: ${g.key}`, `X-Api-Key: ${g.key}`],
    400,
    "LL_AUTH_AMBIGUOUS",
  ],
  ["two different keys", () => [...good(), `x-api-key: ${other}`], 400, "LL_AUTH_AMBIGUOUS"],
  [
    "a second key that is the end of the first",
    () => [...good(), `x-api-key: ${g.key.slice(-10)}`],
    400,
    "LL_AUTH_AMBIGUOUS",
  ],
  [
    "a key of ours in the query",
    () => [`GET /v1/models?x=${other} HTTP/1.1`, "host: a", asKey()],
    400,
    "LL_AUTH_IN_URL",
  ],
  [
    "a key of ours in the path",
    () => [`GET /v1/models/${other} HTTP/1.1`, "host: a", asKey()],
    400,
    "LL_AUTH_IN_URL",
  ],
  [
    "a parameter that names a credential",
    () => ["GET /v1/models?API_KEY=abc HTTP/1.1", "host: a", asKey()],
    400,
    "LL_AUTH_IN_URL",
  ],
  [
    "a long token as a parameter",
    () => [`GET /v1/models?key=${"a".repeat(20)} HTTP/1.1`, "host: a", asKey()],
    400,
    "LL_AUTH_IN_URL",
  ],
  [
    "a key of ours in escapes",
    () => [`GET /v1/models?x=%6C%6c_${other.slice(3)} HTTP/1.1`, "host: a", asKey()],
    400,
    "LL_AUTH_IN_URL",
  ],
  ...[
    "api%5Fkey=abc",
    "a=%&%61pi_key=abc",
    "subscription-key=abc",
    "client_secret=abc",
    `token=a%26${"b".repeat(20)}`,
  ].map((query): [string, () => string[], number, string] => [
    `the query ${query}`,
    () => [`GET /v1/models?${query} HTTP/1.1`, "host: a", asKey()],
    400,
    "LL_AUTH_IN_URL",
  ]),
  ["two Host headers", () => [...good(), "Host: b"], 400, "LL_HTTP_HOST"],
  [
    "a Host with a slash",
    () => ["GET /v1/models HTTP/1.1", "host: a/b", asKey()],
    400,
    "LL_HTTP_HOST",
  ],
  [
    "a Host with an at",
    () => ["GET /v1/models HTTP/1.1", "host: a@b", asKey()],
    400,
    "LL_HTTP_HOST",
  ],
  [
    "a Host with a query",
    () => ["GET /v1/models HTTP/1.1", "host: a?b", asKey()],
    400,
    "LL_HTTP_HOST",
  ],
  [
    "HTTP/1.0 without Host",
    () => ["GET /v1/models HTTP/1.0", "connection: keep-alive", asKey()],
    400,
    "LL_HTTP_HOST",
  ],
  [
    "another host in the target",
    () => ["GET http://b/v1/models HTTP/1.1", ...good().slice(1)],
    400,
    "LL_HTTP_TARGET",
  ],
  ["the target *", () => ["OPTIONS * HTTP/1.1", ...good().slice(1)], 400, "LL_HTTP_TARGET"],
  [
    "a doubled slash",
    () => ["GET //v1/models HTTP/1.1", ...good().slice(1)],
    400,
    "LL_HTTP_TARGET",
  ],
  [
    "a doubled slash inside",
    () => ["GET /v1//models HTTP/1.1", ...good().slice(1)],
    400,
    "LL_HTTP_TARGET",
  ],
  [
    "dot segments",
    () => ["GET /v1/../v1/models HTTP/1.1", ...good().slice(1)],
    400,
    "LL_HTTP_TARGET",
  ],
  [
    "encoded dot segments",
    () => ["GET /v1/%2e%2E/models HTTP/1.1", ...good().slice(1)],
    400,
    "LL_HTTP_TARGET",
  ],
  [
    "a dot segment at the end",
    () => ["GET /v1/models/. HTTP/1.1", ...good().slice(1)],
    400,
    "LL_HTTP_TARGET",
  ],
  [
    "an encoded slash",
    () => ["GET /v1/models/a%2Fb HTTP/1.1", ...good().slice(1)],
    400,
    "LL_HTTP_TARGET",
  ],
  ["a backslash", () => ["GET /v1\\models HTTP/1.1", ...good().slice(1)], 400, "LL_HTTP_TARGET"],
  [
    "an encoded backslash",
    () => ["GET /v1/models/%5c HTTP/1.1", ...good().slice(1)],
    400,
    "LL_HTTP_TARGET",
  ],
  ["a fragment", () => ["GET /v1/models#a HTTP/1.1", ...good().slice(1)], 400, "LL_HTTP_TARGET"],
  ["TRACE", () => ["TRACE /v1/models HTTP/1.1", ...good().slice(1)], 405, "LL_ROUTE_METHOD"],
  [
    "TRACE on an unknown path",
    () => ["TRACE /x HTTP/1.1", ...good().slice(1)],
    405,
    "LL_ROUTE_METHOD",
  ],
  [
    "an upgrade to h2c",
    () => [...good(), "connection: upgrade", "upgrade: h2c"],
    400,
    "LL_HTTP_HEADER",
  ],
  ["a method override", () => [...good(), "X-HTTP-Method-Override: DELETE"], 400, "LL_HTTP_HEADER"],
  ["a shorter method override", () => [...good(), "x-http-method: DELETE"], 400, "LL_HTTP_HEADER"],
  [
    "another method override",
    () => [...good(), "x-method-override: DELETE"],
    400,
    "LL_HTTP_HEADER",
  ],
  ["an unknown header of ours", () => [...good(), "x-loadline-admin: 1"], 400, "LL_BODY_FIELD"],
  ["a malformed time", () => [...good(), "x-loadline-timeout-ms: 1e3"], 400, "LL_BODY_FIELD"],
  ["a malformed route", () => [...good(), "x-loadline-route: ../x"], 400, "LL_BODY_FIELD"],
  ["a malformed flag", () => [...good(), "x-loadline-no-fallback: maybe"], 400, "LL_BODY_FIELD"],
  [
    "two content types",
    () => [...good(), "content-type: a/b", "Content-Type: a/b"],
    400,
    "LL_HTTP_HEADER",
  ],
  [
    "a foreign scheme",
    () => ["GET /v1/models HTTP/1.1", "host: a", "authorization: Basic eDp5"],
    401,
    "LL_AUTH_MALFORMED",
  ],
  [
    "a key in a cookie",
    () => ["GET /v1/models HTTP/1.1", "host: a", `cookie: key=${g.key}`],
    401,
    "LL_AUTH_MISSING",
  ],
];

describe("heads that two readers could read differently", () => {
  it.each(rows)(
    "%s is refused before routing; a doubtful head ends its connection, no other is affected",
    async (_name, lines, status, code) => {
      let wire = new Wire(g.url);
      expect(answerOf(await wire.send(lines()))).toEqual([status, code]);
      if (code.startsWith("LL_HTTP_") || code === "LL_AUTH_AMBIGUOUS" || status === 405) {
        await expect.poll(() => wire.isClosed).toBe(true);
        wire = new Wire(g.url);
      }
      expect(wire.isClosed).toBe(false);
      expect((await wire.send(good())).slice(9, 12)).toBe("200");
      wire.close();
    },
  );

  it.each([
    ["content-length and chunked", ["content-length: 1", "transfer-encoding: chunked"]],
    ["two lengths, even equal", ["content-length: 0", "content-length: 0"]],
    ["an unknown transfer coding", ["transfer-encoding: gzip"]],
    ["a folded header", ["x-a: 1", " 2"]],
    ["a blank before the colon", ["x-a : 1"]],
    ["a bare line feed in a value", ["x-a: 1\n2"]],
    ["a bare carriage return in a value", ["x-a: 1\r2"]],
  ])("%s ends the connection, with 400 where an answer can still be sent", async (_name, lines) => {
    const wire = new Wire(g.url);
    const head = ["POST /v1/embeddings HTTP/1.1", "host: a", asKey(), ...lines];
    expect((await wire.send(head)).slice(9, 12)).toMatch(/^(400)?$/);
    await expect.poll(() => wire.isClosed).toBe(true);
  });

  it("CONNECT is closed without an answer of ours", async () => {
    const wire = new Wire(g.url);
    const text = await wire.send(["CONNECT a:443 HTTP/1.1", "host: a:443"]);
    expect(text).not.toMatch(/^HTTP\/1\.1 2/);
    expect(wire.isClosed).toBe(true);
  });

  it("an exposed key stands in no line of the log", async () => {
    const made = await g.gateway.identity.keys.create(operator(), { name: "leaked" });
    const wire = new Wire(g.url);
    await wire.send([`GET /v1/models?x=${made.secret} HTTP/1.1`, "host: a", asKey()]);
    wire.close();
    expect(g.logged()).not.toContain(made.secret);
  });
});

describe("heads that are fine", () => {
  const ok: readonly [string, () => string[]][] = [
    [
      "Bearer in lower case",
      () => ["GET /v1/models HTTP/1.1", "host: a", `AUTHORIZATION: bearer ${g.key}`],
    ],
    ["x-api-key alone", () => ["GET /v1/models HTTP/1.1", "host: a", `X-Api-Key: ${g.key}`]],
    ["one key in both carriers", () => [...good(), `x-api-key: ${g.key}`]],
    [
      "blanks around the key",
      () => ["GET /v1/models HTTP/1.1", "host: a", `authorization: Bearer   ${g.key}  `],
    ],
    [
      "an address with a port as Host",
      () => ["GET /v1/models HTTP/1.1", "host: [::1]:8080", asKey()],
    ],
    ["a query", () => ["GET /v1/models?limit=3&after=http://x//y HTTP/1.1", ...good().slice(1)]],
    ["a run header", () => [...good(), "x-loadline-run: 2026"]],
    [
      "headers of SDKs",
      () => [...good(), "x-stainless-lang: js", "x-amzn-trace-id: 1", "x-request-id: 1"],
    ],
  ];
  it.each(ok)("%s is 200", async (_name, lines) => {
    const wire = new Wire(g.url);
    expect((await wire.send(lines())).slice(9, 12)).toBe("200");
    wire.close();
  });

  it("HTTP/1.0 without Host is good for health probes", async () => {
    expect(await g.raw(`GET /healthz HTTP/1.0${crlf}${crlf}`)).toMatch(/^HTTP\/1\.[01] 200/);
  });
});
