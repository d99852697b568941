import type { Random } from "@loadline/kit/random";
import { sound } from "../smuggling/entry.ts";
import { chunkEntries, framing } from "../smuggling/framing.ts";
import { headEntries, targetEntries } from "../smuggling/heads.ts";

/** What is known to be read in two ways, as it is sent to both fronts. */
export const smuggled: readonly (readonly [what: string, text: string])[] = [
  ...framing,
  ...chunkEntries,
  ...headEntries,
  ...targetEntries,
].map((entry) => [entry.what, entry.bytes("key", sound("key", "hidden"))]);
/** One longer than any head that is read would be most of what the fuzz reads. */
const seeds = smuggled.filter(([, text]) => text.length < 2048).map(([, text]) => text);

/** What heads are made of: sound lines, and those that proxies and servers are known to differ on. */
const lines = [
  "Host: a",
  "host:b",
  "Host : c",
  "Host:",
  "Content-Length: 3",
  "content-length:3",
  "Content-Length: 03",
  "Content-Length: +3",
  "Content-Length: -1",
  "Content-Length: 3, 3",
  "Content-Length: 0x3",
  "Content-Length: 3 3",
  "Content-Length:",
  "Content-Length: 99999999999999999999",
  "Content-Length: 9007199254740993",
  "Content_Length: 7",
  "Transfer-Encoding: chunked",
  "transfer-encoding:\tchunked\t",
  "Transfer-Encoding: Chunked",
  "Transfer-Encoding: chunked, identity",
  "Transfer-Encoding: identity, chunked",
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding: chunked;a=b",
  "Transfer-Encoding: \u000bchunked",
  "Transfer-Encoding : chunked",
  "Transfer-Encoding: identity",
  "Transfer_Encoding: chunked",
  "X: a\r\n Transfer-Encoding: chunked",
  "X: a\nTransfer-Encoding: chunked",
  "X: a\rTransfer-Encoding: chunked",
  "Connection: close",
  "Connection: keep-alive",
  "Connection: close, x",
  "Connection: content-length",
  "Connection: upgrade",
  "Upgrade: h2c",
  "Expect: 100-continue",
  "Trailer: X",
  "Authorization: Bearer a",
  "X: \u0000",
  "X: \u007f",
  "X: \u00e9",
  "X\u00e9: a",
  "X: a\tb",
  "X:",
  ": x",
  "x",
  "",
];

const starts = [
  "POST /v1/embeddings HTTP/1.1",
  "POST /v1/chat/completions HTTP/1.1",
  "POST  /v1/chat/completions HTTP/1.1",
  "POST /v1/chat/completions  HTTP/1.1",
  "POST /v1/chat/completions HTTP/1.0",
  "POST /v1/chat/completions HTTP/1.1 ",
  "POST /v1/chat/completions HTTP/01.1",
  "POST\t/v1/chat/completions HTTP/1.1",
  "post /v1/chat/completions HTTP/1.1",
  "POST http://b/v1/chat/completions HTTP/1.1",
  "POST /v1/chat/completions",
  "GET /v1/models HTTP/1.1",
  "CONNECT b:1 HTTP/1.1",
  "OPTIONS * HTTP/1.1",
  "\r\nPOST /v1/chat/completions HTTP/1.1",
];

const sizes = "0,1,3,5,a,0a,00,03,ff,+3,-3,0x3,3 , 3,3;a=b,3;,3\t,g,,100000000000000000".split(",");
const odd = ["\r\n", "\n", "\r", "\r\n ", "\t", " ", "\u0000", "0\r\n\r\n", "3\r\nabc\r\n", "G"];

const pickFrom = (random: Random, list: readonly string[]): string =>
  list[random.below(list.length)] ?? "";

function chunks(random: Random): string {
  let text = "";
  for (let i = random.below(4); i > 0; i--) {
    const size = 1 + random.below(18);
    const said = random.below(12) === 0 ? pickFrom(random, sizes) : size.toString(16);
    text += `${said}\r\n${"d".repeat(size)}\r\n`;
  }
  return `${text}0\r\n${random.below(16) === 0 ? "X: a\r\n" : ""}\r\n`;
}

/** A field of one length behind the figure of another. */
const mark = (random: Random): string =>
  random.below(3) === 0 ? `M: ${random.below(10)}\r\n` : "";

function request(random: Random): string {
  const isUsual = random.below(8) > 0;
  let text = isUsual
    ? `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n`
    : `${pickFrom(random, starts)}\r\n${random.below(4) > 0 ? "Host: a\r\n" : ""}`;
  for (let i = random.below(5) - 2; i > 0; i--)
    text += pickFrom(random, lines) + (random.below(12) > 0 ? "\r\n" : pickFrom(random, odd));
  const framing = random.below(5);
  if (framing < 2) {
    const length = random.below(24);
    return `${text}Content-Length: ${length}\r\n${mark(random)}\r\n${"b".repeat(length)}`;
  }
  if (framing < 4) return `${text}Transfer-Encoding: chunked\r\n\r\n${chunks(random)}`;
  return `${text}\r\n${random.below(3) === 0 ? "abc" : ""}`;
}

const lengthFigure = /^(content-length: *)\d+/im;
const oddFigures = ["+3", "-3", "0x3", "3, 3", "3 3", "03", "", "3\r\nContent-Length: 4"];

/** The same again, mostly with another length or mark: who keeps a connection repeats itself. */
function again(random: Random, earlier: string): string {
  const end = earlier.indexOf("\r\n\r\n") + 4;
  if (end < 4 || !lengthFigure.test(earlier.slice(0, end))) return earlier;
  const length = random.below(24);
  const said = random.below(8) === 0 ? pickFrom(random, oddFigures) : String(length);
  const head = earlier
    .slice(0, end)
    .replace(lengthFigure, `$1${said}`)
    .replace(/^M: \d\r\n/m, `M: ${random.below(10)}\r\n`);
  return head + "b".repeat(length);
}

function next(random: Random, earlier: string): string {
  if (earlier !== "" && random.below(3) === 0) return again(random, earlier);
  return random.below(24) === 0 ? pickFrom(random, seeds) : request(random);
}

/** One to three requests on one connection, of likely pieces, often damaged in a byte or two. */
export function makeStream(random: Random): string {
  let text = "";
  let last = "";
  for (let i = random.below(3); i >= 0; i--) text += last = next(random, last);
  for (let i = random.below(4) - 1; i > 0; i--) {
    const at = random.below(text.length);
    const put = random.below(2) === 0 ? String.fromCharCode(random.below(256)) : "";
    text =
      text.slice(0, at) +
      (random.below(4) === 0 ? pickFrom(random, odd) : put) +
      text.slice(at + random.below(3));
  }
  return text;
}

/** The stream in one to four pieces, cut anywhere. */
export function cut(random: Random, bytes: Buffer): Buffer[] {
  const at = Array.from({ length: random.below(4) }, () => random.below(bytes.length + 1));
  const ends = [...at.toSorted((a, b) => a - b), bytes.length];
  return ends
    .map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
    .filter((piece) => piece.length > 0);
}
