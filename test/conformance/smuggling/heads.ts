import { chat, chatPath, type Entry, head, type HeadOptions } from "./entry.ts";

const bad = { status: 400, code: "LL_HTTP_HEADER" } as const;
const target = { status: 400, code: "LL_HTTP_TARGET" } as const;
const host = { status: 400, code: "LL_HTTP_HOST" } as const;
const outer = chat("outer");
const length = `Content-Length: ${outer.length}`;

/** A sound chat but for these lines or its first ones, then the hidden request. */
const withHead =
  (lines: readonly string[], o: HeadOptions = {}) =>
  (key: string, hidden: string): string =>
    head(key, [...lines, length], o) + outer + hidden;

const line = (what: string, text: string): Entry => ({ what, bytes: withHead([text]), ...bad });
const first = (what: string, text: string, more: object = {}): Entry => ({
  what,
  bytes: withHead([], { first: text }),
  ...target,
  ...more,
});
const hosts = (what: string, ...list: string[]): Entry => ({
  what,
  bytes: withHead([], { host: list }),
  ...host,
});

/** Bytes and forms of a head. */
export const headEntries: readonly Entry[] = [
  line("a bare carriage return in a value", "X: a\rb"),
  line("a bare line feed in a value", "X: a\nb"),
  line("a bare carriage return before the line's end", "X: a\r\rb"),
  line("a fold by a blank", "X: a\r\n b"),
  line("a fold by a tab", "X: a\r\n\tb"),
  line("a fold of nothing", "X:\r\n "),
  line("a NUL in a value", "X: a\u0000b"),
  line("a NUL in a name", "X\u0000: a"),
  line("a DEL in a value", "X: a\u007fb"),
  line("a blank before a colon", "X : a"),
  line("a tab before a colon", "X\t: a"),
  line("a line without a colon", "X"),
  line("a line without a name", ": a"),
  line("a name with a bracket", "X(: a"),
  line("a name above ASCII", "X\u00e9: a"),
  line("a length with a blank before its colon", `Content-Length : ${outer.length}`),
  line("another length in other letters", "content-LENGTH: 4"),
  line("two content types", "content-type: application/json"),
  line("an upgrade to h2c", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c"),
  line("a method in a header", "X-HTTP-Method-Override: GET"),
  {
    what: "the first header line folded",
    bytes: (key, hidden) => head(key, [length], { host: [" X: a", "Host: a"] }) + outer + hidden,
    ...bad,
  },
  {
    what: "line ends of bare line feeds",
    bytes: (key, hidden) => head(key, [length]).replaceAll("\r\n", "\n") + outer + hidden,
    ...bad,
  },
  {
    what: "an empty line of a bare line feed",
    bytes: (key, hidden) => `${head(key, [length]).slice(0, -2)}\n${outer}${hidden}`,
    ...bad,
  },
  {
    what: "an empty line of a bare carriage return",
    bytes: (key, hidden) => `${head(key, [length]).slice(0, -2)}\r${outer}${hidden}`,
    ...bad,
  },
  {
    what: "two Authorization lines",
    bytes: withHead(["Authorization: Bearer x"]),
    status: 400,
    code: "LL_AUTH_AMBIGUOUS",
  },
  {
    what: "an expectation nobody knows",
    bytes: withHead(["Expect: 200-ok"]),
    status: 417,
    code: "LL_HTTP_EXPECT",
  },
  {
    what: "a head over its limit",
    bytes: withHead([`X: ${"a".repeat(20_000)}`]),
    status: 431,
    code: "LL_HTTP_HEAD_TOO_LARGE",
  },
];

/** Request lines, targets and hosts. */
export const targetEntries: readonly Entry[] = [
  first("an absolute target", `POST http://a${chatPath} HTTP/1.1`),
  first("an absolute target of another host", `POST http://b${chatPath} HTTP/1.1`),
  first("an authority as target", "POST a:80 HTTP/1.1", bad),
  first("the target *", "POST * HTTP/1.1"),
  first("a doubled slash", `POST /${chatPath} HTTP/1.1`),
  first("dot segments", `POST /v1/../v1/chat/completions HTTP/1.1`),
  first("an encoded slash", "POST /v1%2fchat/completions HTTP/1.1"),
  first("a backslash", "POST \\v1\\chat\\completions HTTP/1.1", bad),
  first("a fragment", `POST ${chatPath}#a HTTP/1.1`),
  {
    what: "two blanks before the target, which Node reads as one",
    bytes: (key) => head(key, [length], { first: `POST  ${chatPath} HTTP/1.1` }) + outer,
    status: 200,
    reads: outer,
  },
  first("TRACE", `TRACE ${chatPath} HTTP/1.1`, { status: 405, code: "LL_ROUTE_METHOD" }),
  first("a tab before the target", `POST\t${chatPath} HTTP/1.1`, bad),
  first("a blank in the target", `POST ${chatPath} a HTTP/1.1`, bad),
  first("a NUL in the target", `POST ${chatPath}\u0000 HTTP/1.1`, bad),
  first("a blank after the version", `POST ${chatPath} HTTP/1.1 `, bad),
  first("a version of two digits", `POST ${chatPath} HTTP/1.10`, bad),
  first("a version 1.2", `POST ${chatPath} HTTP/1.2`, bad),
  first("a version 2", `POST ${chatPath} HTTP/2.0`, bad),
  first("another protocol", `POST ${chatPath} HTTQ/1.1`, bad),
  first("no version", `POST ${chatPath}`, bad),
  first("a method in small letters", `post ${chatPath} HTTP/1.1`, bad),
  first("an unknown method", `SMUG ${chatPath} HTTP/1.1`, bad),
  first("CONNECT", "CONNECT b:443 HTTP/1.1", { status: 0, code: undefined }),
  hosts("no Host"),
  hosts("two Hosts", "Host: a", "Host: b"),
  hosts("two equal Hosts", "Host: a", "host: a"),
  hosts("an empty Host", "Host:"),
  hosts("a Host with a user", "Host: a@b"),
  hosts("a Host with a path", "Host: a/b"),
  hosts("a Host with a blank", "Host: a b"),
  hosts("a list of Hosts", "Host: a, b"),
];
