import { type BadInput, chatPath, post, request, sound, type World } from "./row.ts";

const crlf = "\r\n";
const bearer = (key: string): string => `authorization: Bearer ${key}`;

/** A sound POST but for its first line. */
function withTarget(target: string): (w: World) => string {
  return (w) => post(w, sound, { path: target });
}

function withLines(...lines: string[]): (w: World) => string {
  return (w) => post(w, sound, { lines });
}

/** A sound POST whose Host lines are these. */
function withHosts(...hosts: string[]): (w: World) => string {
  return (w) =>
    request(
      [
        `POST ${chatPath} HTTP/1.1`,
        ...hosts.map((host) => `host: ${host}`),
        bearer(w.key),
        "content-type: application/json",
      ],
      sound,
    );
}

const target = { status: 400, code: "LL_HTTP_TARGET" } as const;
const host = { status: 400, code: "LL_HTTP_HOST" } as const;
const header = { status: 400, code: "LL_HTTP_HEADER" } as const;
const field = { status: 400, code: "LL_BODY_FIELD" } as const;
const type = { status: 415, code: "LL_BODY_TYPE" } as const;
const wrongMethod = {
  status: 405,
  code: "LL_ROUTE_METHOD",
  headers: { allow: /^POST$/ },
} as const;

const raw =
  (method: string, more: readonly string[] = []) =>
  (w: World) =>
    request([`${method} ${chatPath} HTTP/1.1`, "host: a", bearer(w.key), ...more]);

/** Request targets and hosts (identity.md 11 and 4). */
const targets: readonly BadInput[] = [
  {
    what: "an absolute target of another host",
    bytes: withTarget(`http://b${chatPath}`),
    ...target,
  },
  { what: "a doubled slash", bytes: withTarget("//v1/chat/completions"), ...target },
  { what: "a doubled slash inside", bytes: withTarget("/v1//chat/completions"), ...target },
  { what: "a dot segment at the end", bytes: withTarget(`${chatPath}/.`), ...target },
  { what: "dot segments", bytes: withTarget("/v1/../v1/chat/completions"), ...target },
  { what: "encoded dot segments", bytes: withTarget("/v1/%2e%2e/chat/completions"), ...target },
  { what: "dot segments, half encoded", bytes: withTarget("/v1/.%2E/chat/completions"), ...target },
  { what: "an encoded backslash", bytes: withTarget("/v1%5Cchat/completions"), ...target },
  { what: "an encoded slash", bytes: withTarget("/v1%2fchat/completions"), ...target },
  { what: "a backslash", bytes: withTarget("/v1\\chat\\completions"), ...target },
  { what: "a fragment", bytes: withTarget(`${chatPath}#a`), ...target },
  { what: "the target *", bytes: withTarget("*"), ...target },
  { what: "no Host", bytes: withHosts(), ...host },
  { what: "two Hosts", bytes: withHosts("a", "b"), ...host },
  { what: "two equal Hosts", bytes: withHosts("a", "a"), ...host },
  { what: "an empty Host", bytes: withHosts(""), ...host },
  { what: "a Host with a path", bytes: withHosts("a/b"), ...host },
  { what: "a Host with a user", bytes: withHosts("a@b"), ...host },
  { what: "a Host with a query", bytes: withHosts("a?b"), ...host },
  { what: "a Host with a fragment", bytes: withHosts("a#b"), ...host },
  {
    what: "HTTP/1.0 without a Host",
    bytes: (w) => withHosts()(w).replace("HTTP/1.1", "HTTP/1.0"),
    ...host,
  },
  {
    what: "an unknown path",
    bytes: withTarget("/v1/nowhere"),
    status: 404,
    code: "LL_ROUTE_UNKNOWN",
  },
];

/** Methods and framing. */
const framing: readonly BadInput[] = [
  { what: "GET of a model path", bytes: raw("GET"), ...wrongMethod },
  { what: "DELETE of a model path", bytes: raw("DELETE"), ...wrongMethod },
  { what: "TRACE", bytes: raw("TRACE"), ...wrongMethod },
  { what: "an upgrade to h2c", bytes: withLines("connection: upgrade", "upgrade: h2c"), ...header },
  {
    what: "an upgrade to a WebSocket",
    bytes: withLines("connection: upgrade", "upgrade: websocket"),
    ...header,
  },
  ...["x-http-method-override", "X-HTTP-Method", "x-method-override"].map((name) => ({
    what: `the method override ${name}`,
    bytes: withLines(`${name}: GET`),
    ...header,
  })),
  { what: "Content-Length and chunked", bytes: withLines("transfer-encoding: chunked"), ...header },
  { what: "two lengths", bytes: withLines("content-length: 1"), ...header },
  {
    what: "two lengths, even equal",
    bytes: withLines(`content-length: ${sound.length}`),
    ...header,
  },
  ...["+5", "5, 5", "0x5", "-5", "5 5", ""].map((length) => ({
    what: `the length ${JSON.stringify(length)}`,
    bytes: (w: World) => {
      return post(w, sound).replace(`content-length: ${sound.length}`, `content-length: ${length}`);
    },
    ...header,
  })),
  {
    what: "chunked twice",
    bytes: raw("POST", ["transfer-encoding: chunked", "transfer-encoding: chunked"]),
    ...header,
  },
  { what: "a header without a colon", bytes: withLines("x-a"), ...header },
  { what: "a header without a name", bytes: withLines(": 1"), ...header },
  { what: "a NUL in a value", bytes: withLines("x-a: 1\u00002"), ...header },
  {
    what: "an unknown transfer coding",
    bytes: raw("POST", ["transfer-encoding: gzip"]),
    ...header,
  },
  { what: "a blank before a colon", bytes: withLines("x-a : 1"), ...header },
  { what: "a folded header", bytes: withLines("x-a: 1", " 2"), ...header },
  { what: "a bare carriage return in a value", bytes: withLines("x-a: 1\r2"), ...header },
  {
    what: "two content types",
    bytes: withLines("content-type: a/b", "content-type: c/d"),
    ...header,
  },
  {
    what: "101 headers",
    bytes: withLines(...Array.from({ length: 101 }, (_, i) => `x-${i}: 1`)),
    status: 431,
    code: "LL_HTTP_HEAD_TOO_LARGE",
  },
  {
    what: "a head over its limit",
    bytes: withLines(`x-a: ${"a".repeat(20_000)}`),
    status: 431,
    code: "LL_HTTP_HEAD_TOO_LARGE",
  },
  {
    what: "an expectation that is not met",
    bytes: withLines("expect: 200-ok"),
    status: 417,
    code: "LL_HTTP_EXPECT",
  },
];

/** Credentials (identity.md 2 and 3). */
const credentials: readonly BadInput[] = [
  {
    what: "no key",
    bytes: () => request([`POST ${chatPath} HTTP/1.1`, "host: a"], sound),
    status: 401,
    code: "LL_AUTH_MISSING",
  },
  {
    what: "another scheme",
    bytes: () =>
      request([`POST ${chatPath} HTTP/1.1`, "host: a", "authorization: Basic eDp5"], sound),
    status: 401,
    code: "LL_AUTH_MALFORMED",
  },
  {
    what: "a key whose checksum is wrong",
    bytes: (w) => post({ ...w, key: w.key.replace(/_[0-9A-Za-z]{6}$/, "_000000") }, sound),
    status: 401,
    code: "LL_AUTH_MALFORMED",
  },
  {
    what: "an expired key",
    bytes: (w) => post({ ...w, key: w.expired }, sound),
    status: 401,
    code: "LL_AUTH_EXPIRED",
  },
  {
    what: "two Authorization headers",
    bytes: (w) => post(w, sound, { lines: [bearer(w.key)] }),
    status: 400,
    code: "LL_AUTH_AMBIGUOUS",
  },
  {
    what: "two different keys",
    bytes: (w) => post(w, sound, { lines: [`x-api-key: ${w.other}`] }),
    status: 400,
    code: "LL_AUTH_AMBIGUOUS",
  },
  {
    what: "a key in the URL",
    bytes: (w) => post(w, sound, { path: `${chatPath}?api_key=${w.key}` }),
    status: 400,
    code: "LL_AUTH_IN_URL",
  },
  {
    what: "a scheme without a key",
    bytes: () => request([`POST ${chatPath} HTTP/1.1`, "host: a", "authorization: Bearer "], sound),
    status: 401,
    code: "LL_AUTH_MALFORMED",
  },
  {
    what: "a key in a cookie",
    bytes: (w) => request([`POST ${chatPath} HTTP/1.1`, "host: a", `cookie: key=${w.key}`], sound),
    status: 401,
    code: "LL_AUTH_MISSING",
  },
  ...(
    [
      ["a key that nobody made", "unknown", 401, "LL_AUTH_INVALID"],
      ["a secret from before a rotation", "ended", 401, "LL_AUTH_INVALID"],
      ["a revoked key", "revoked", 401, "LL_AUTH_REVOKED"],
      ["a key that begins later", "notYet", 401, "LL_AUTH_NOT_YET"],
      ["a key for other addresses", "elsewhere", 403, "LL_AUTH_IP"],
      ["a key bound to a certificate", "bound", 403, "LL_AUTH_BINDING"],
      ["a key that may not call models", "scraper", 403, "LL_AUTHZ_DENIED"],
      ["a key for another model", "otherModel", 403, "LL_AUTHZ_DENIED"],
    ] as const
  ).map(([what, key, status, code]) => ({
    what,
    bytes: (w: World) => post({ ...w, key: w[key] }, sound),
    status,
    code,
  })),
  ...["access_token=abc", "api-key=abc", `token=${"a".repeat(20)}`].map((query) => ({
    what: `the query ${query}`,
    bytes: (w: World) => post(w, sound, { path: `${chatPath}?${query}` }),
    status: 400,
    code: "LL_AUTH_IN_URL",
  })),
  {
    what: "a route that the key is not granted",
    bytes: (w) =>
      post({ ...w, key: w.narrow }, sound.replace('"m"', '"m"'), {
        lines: ["x-loadline-route: r"],
      }),
    status: 403,
    code: "LL_AUTHZ_DENIED",
  },
];

/** What a caller may narrow, and content types (gateway.md 14 and 3). */
const narrowing: readonly BadInput[] = [
  ...["x-loadline-admin: 1", "X-Loadline-Base-Url: http://b", "x-loadline-: 1"].map((line) => ({
    what: `the unknown header ${line}`,
    bytes: withLines(line),
    ...field,
    param: (line.split(":")[0] ?? "").toLowerCase(),
  })),
  ...["0", "-1", "1e3", "1.5", "abc", "", "999999999999"].map((value) => ({
    what: `x-loadline-timeout-ms ${JSON.stringify(value)}`,
    bytes: withLines(`x-loadline-timeout-ms: ${value}`),
    ...field,
    param: "x-loadline-timeout-ms",
  })),
  ...["../x", "", "other", "a b"].map((value) => ({
    what: `x-loadline-route ${JSON.stringify(value)}`,
    bytes: withLines(`x-loadline-route: ${value}`),
    ...field,
    param: "x-loadline-route",
  })),
  {
    what: "x-loadline-no-fallback maybe",
    bytes: withLines("x-loadline-no-fallback: maybe"),
    ...field,
    param: "x-loadline-no-fallback",
  },
  { what: "a text body", bytes: withLines("content-type: text/plain"), ...type },
  { what: "a form", bytes: withLines("content-type: multipart/form-data; boundary=a"), ...type },
  { what: "a compressed body", bytes: withLines("content-encoding: gzip"), ...type },
];

/** Rows of one request head each; the line end is always CRLF but where a row says otherwise. */
export const headRows: readonly BadInput[] = [
  ...targets,
  ...framing,
  ...credentials,
  ...narrowing,
  {
    what: "a line that ends with a bare line feed",
    bytes: (w) => post(w, sound).replace(`host: a${crlf}`, "host: a\n"),
    ...header,
  },
];
