import { chat, chunk, type Entry, head } from "./entry.ts";

const bad = { status: 400, code: "LL_HTTP_HEADER" } as const;
const te = "Transfer-Encoding: chunked";
const last = "0\r\n\r\n";
const outer = chat("outer");

/** The length covers everything; chunks would end at once and leave the hidden request. */
const clTe =
  (...coding: string[]) =>
  (key: string, hidden: string): string => {
    const body = last + hidden;
    return head(key, [`Content-Length: ${body.length}`, ...coding]) + body;
  };

/** The chunks cover everything; the length would leave the hidden request. */
const teCl =
  (...lines: string[]) =>
  (key: string, hidden: string): string =>
    head(key, lines) + chunk(hidden) + last;

/** A head with these lines, no body, then the hidden request. */
const behind =
  (...lines: string[]) =>
  (key: string, hidden: string): string =>
    head(key, lines) + hidden;

const lengthEntry = (value: string): Entry => ({
  what: `the length ${JSON.stringify(value)}`,
  bytes: behind(`Content-Length: ${value}`),
  ...bad,
});

const codingEntry = (line: string): Entry => ({
  what: `chunks announced by ${JSON.stringify(line)}`,
  bytes: (key, hidden) => head(key, [line]) + chunk(outer) + last + hidden,
  ...bad,
});

/** CL.TE, TE.CL, TE.TE, CL.0, and lengths that are none. */
export const framing: readonly Entry[] = [
  { what: "CL.TE", bytes: clTe(te), ...bad },
  { what: "CL.TE, the coding first", bytes: (k, h) => swap(clTe(te)(k, h)), ...bad },
  { what: "CL.TE in other letters", bytes: clTe("transfer-ENCODING: CHUNKED"), ...bad },
  { what: "TE.CL", bytes: teCl("Content-Length: 4", te), ...bad },
  { what: "TE.CL, the coding first", bytes: teCl(te, "Content-Length: 4"), ...bad },
  { what: "TE.CL with a length of 0", bytes: teCl(te, "Content-Length: 0"), ...bad },
  { what: "TE.TE, the second unknown", bytes: teCl(te, "Transfer-Encoding: x"), ...bad },
  { what: "TE.TE, the first unknown", bytes: teCl("Transfer-Encoding: x", te), ...bad },
  { what: "TE.TE, twice chunked", bytes: teCl(te, te), ...bad },
  { what: "TE.TE with identity", bytes: teCl(te, "Transfer-Encoding: identity"), ...bad },
  { what: "TE.TE, a length between", bytes: teCl(te, "Content-Length: 4", te), ...bad },
  { what: "CL.CL, the first shorter", bytes: twoLengths(0), ...bad },
  { what: "CL.CL, equal", bytes: twoLengths(outer.length), ...bad },
  ...["+0", "-0", "-1", "0x0", "0 ", "1e1", "0, 0", "0,44", "0 0", "\u00b2", "1_0", "٠"]
    .filter((value) => value !== "0 ")
    .map((value) => lengthEntry(value)),
  lengthEntry("99999999999999999999999"),
  lengthEntry("18446744073709551616"),
  lengthEntry("4294967296x"),
  lengthEntry(""),
  codingEntry("Transfer-Encoding: identity"),
  codingEntry("Transfer-Encoding: xchunked"),
  codingEntry("Transfer-Encoding: chunked;q=1"),
  codingEntry('Transfer-Encoding: "chunked"'),
  codingEntry("Transfer-Encoding: chunked, chunked"),
  codingEntry("Transfer-Encoding: identity, chunked"),
  codingEntry("Transfer-Encoding: gzip, chunked"),
  codingEntry("Transfer-Encoding: chunked, identity"),
  codingEntry("Transfer-Encoding: chun\u0000ked"),
  codingEntry("Transfer-Encoding:\u000bchunked"),
  codingEntry("Transfer-Encoding: \u00a0chunked"),
  // llhttp gives the head on before it refuses the body.
  { ...codingEntry("Transfer-Encoding: chunked\t"), hasSoundHead: true },
  codingEntry("Transfer-Encoding : chunked"),
  codingEntry("Transfer-Encoding\t: chunked"),
  codingEntry("X: a\r\n Transfer-Encoding: chunked"),
  codingEntry("X: a\rTransfer-Encoding: chunked"),
  codingEntry("X: a\nTransfer-Encoding: chunked"),
  {
    what: "CL.0: a body that a reader of no body would take for a request",
    bytes: (key, hidden) => head(key, [`Content-Length: ${hidden.length}`]) + hidden,
    status: 400,
    code: "LL_BODY_INVALID_JSON",
    hasSoundHead: true,
    reads: "",
  },
  {
    what: "CL.0 behind a sound body: a length that a reader of one object would not use up",
    bytes: (key, hidden) =>
      head(key, [`Content-Length: ${outer.length + hidden.length}`]) + outer + hidden,
    status: 400,
    code: "LL_BODY_INVALID_JSON",
    hasSoundHead: true,
    reads: "",
  },
  {
    what: "no length at all before a request",
    bytes: (key) => head(key, []),
    status: 400,
    code: "LL_BODY_INVALID_JSON",
    hasSoundHead: true,
    reads: "",
  },
];

function twoLengths(first: number) {
  return (key: string, hidden: string): string =>
    head(key, [`Content-Length: ${first}`, `Content-Length: ${outer.length}`]) + outer + hidden;
}

/** The two framing lines in the other order. */
function swap(text: string): string {
  return text.replace(/(Content-Length: \d+)\r\n(Transfer-Encoding: chunked)/, "$2\r\n$1");
}

const chunked = (body: string) => (key: string, hidden: string) =>
  head(key, [te]) + body.replace("HIDDEN", hidden);
const size = outer.length.toString(16);
const badSize = (what: string, line: string): Entry => ({
  what: `a chunk size that ${what}`,
  bytes: chunked(`${line}\r\n${outer}\r\n${last}HIDDEN`),
  ...bad,
});

/** Bodies in chunks. */
export const chunkEntries: readonly Entry[] = [
  badSize("is negative", `-${size}`),
  badSize("is signed", `+${size}`),
  badSize("has 17 digits", `1${"0".repeat(16)}`),
  badSize("overflows 64 bits", `${"f".repeat(16)}${size}`),
  badSize("is written with 0x", `0x${size}`),
  badSize("is followed by a blank", `${size} `),
  badSize("follows a blank", ` ${size}`),
  badSize("is no number", "zz"),
  badSize("is empty", ""),
  badSize("holds a NUL", `${size}\u0000`),
  {
    what: "a chunk size ended by a bare line feed",
    bytes: chunked(`${size}\n${outer}\r\n${last}HIDDEN`),
    ...bad,
  },
  {
    what: "a chunk size ended by a bare carriage return",
    bytes: chunked(`${size}\r${outer}\r\n${last}HIDDEN`),
    ...bad,
  },
  {
    what: "chunk data that goes on beyond its size",
    bytes: chunked(`${size}\r\n${outer}X\r\n${last}HIDDEN`),
    ...bad,
  },
  {
    what: "chunk data ended by a bare line feed",
    bytes: chunked(`${size}\r\n${outer}\n${last}HIDDEN`),
    ...bad,
  },
  {
    what: "a chunk extension: documented as taken and left out",
    bytes: chunked(`${size};a=b\r\n${outer}\r\n${last}`),
    status: 200,
    reads: outer,
  },
  {
    what: "a chunk extension with a bare line feed",
    bytes: chunked(`${size};a\n${outer}\r\n${last}HIDDEN`),
    ...bad,
  },
  {
    what: "trailers: documented as dropped",
    bytes: chunked(`${size}\r\n${outer}\r\n0\r\nX: a\r\n\r\n`),
    status: 200,
    reads: outer,
  },
  {
    what: "a length as trailer",
    bytes: chunked(`${size}\r\n${outer}\r\n0\r\nContent-Length: 4\r\n\r\nHIDDEN`),
    ...bad,
  },
];
