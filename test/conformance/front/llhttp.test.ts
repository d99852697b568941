import { createServer, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { ChunkedBody, parseRequestHead } from "@loadline/kit/http1";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, test } from "vitest";

/**
 * The dangerous direction: a head that our front accepts and Node's llhttp refuses, or reads as
 * another method, target, field list or length. The other direction costs nothing: what we do not
 * accept is given to llhttp.
 */

const casesDefault = 20_000;
const cases = Number(process.env["LOADLINE_FUZZ_CASES"] ?? casesDefault);
const seed = Number(process.env["LOADLINE_FUZZ_SEED"] ?? 20_261_121);

interface Read {
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly headers: readonly string[];
  readonly body: number;
}

/** An in-memory connection: what is written to it is thrown away. */
class Wire extends Duplex {
  override _read(): void {
    // Bytes are pushed by the test.
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

/** What llhttp makes of `bytes`; undefined when it refuses them or reads no whole request. */
function readWithNode(bytes: string): Promise<Read | undefined> {
  return new Promise((resolve) => {
    const server = createServer({ maxHeaderSize: 16_384 });
    server.on("clientError", () => resolve(undefined));
    const wire = new Wire();
    server.on("request", (request: IncomingMessage) => {
      let body = 0;
      request.on("data", (chunk: Buffer) => void (body += chunk.length));
      request.on("end", () => {
        const { method, url: target, rawHeaders: headers } = request;
        resolve({ method, target, headers, body });
        wire.destroy();
      });
      request.on("error", () => resolve(undefined));
    });
    wire.on("close", () => resolve(undefined));
    server.emit("connection", wire);
    wire.push(Buffer.from(bytes, "latin1"));
    wire.push(null);
  });
}

const pieces = [
  ..."POST,GET,post,P ,/,/v1/chat/completions,//a,/a b,http://b/c,*".split(","),
  " HTTP/1.1",
  " HTTP/1.0",
  " HTTP/1.1 ",
  " HTTP/01.1",
  "\r\n",
  "\n",
  "\r",
  "\r\n ",
  "\t",
  " ",
  "Host: a",
  "host:b",
  "Host : c",
  "Content-Length: 3",
  "content-length:3",
  "CL: 3",
  ": x",
  "Content-Length: +3",
  "Content-Length: 3, 3",
  "Content-Length: 0x3",
  "Content-Length: -1",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: identity",
  "Transfer-Encoding : chunked",
  "Connection: close",
  "Connection: keep-alive",
  "Connection: upgrade",
  "Upgrade: h2c",
  "Expect: 100-continue",
  "X: \u0000",
  "X: \u007f",
  "X: \u00e9",
  "X\u00e9: a",
  "X: a\tb",
  "a",
  ":",
];

/** A head built of likely pieces and then, often, damaged in a byte or two. */
function makeHead(random: ReturnType<typeof seededRandom>): string {
  const pick = (): string => pieces[random.below(pieces.length)] ?? "";
  const isUsual = random.below(4) > 0;
  let text = isUsual ? "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n" : "";
  const count = random.below(6);
  for (let i = 0; i < count; i++) text += pick() + (random.below(8) > 0 ? "\r\n" : pick());
  if (random.below(2) === 0) text += "Content-Length: 3\r\n";
  text += "\r\n";
  for (let i = random.below(3); i > 0; i--) {
    const at = random.below(text.length);
    const byte = String.fromCharCode(random.below(256));
    text =
      text.slice(0, at) + (random.below(2) === 0 ? byte : "") + text.slice(at + random.below(2));
  }
  return text;
}

describe("what the own front accepts, llhttp reads alike", () => {
  test(`${cases} heads of seed ${seed}: no disagreement in the dangerous direction`, async () => {
    const random = seededRandom(seed);
    let accepted = 0;
    for (let i = 0; i < cases; i++) {
      const text = makeHead(random);
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) continue;
      const ours = parseRequestHead(text.slice(0, end + 2), 100);
      if (!ours) continue;
      accepted++;
      const body = "x".repeat(ours.isChunked ? 3 : Math.min(ours.contentLength, 1000));
      const sent = ours.isChunked ? `3\r\n${body}\r\n0\r\n\r\n` : body;
      const node = await readWithNode(text.slice(0, end + 4) + sent);
      const theirs = node && { ...node, headers: node.headers.map((value) => value.trim()) };
      expect([JSON.stringify(text), theirs]).toEqual([
        JSON.stringify(text),
        { method: ours.method, target: ours.target, headers: ours.headers, body: body.length },
      ]);
    }
    // A generator whose heads are hardly ever accepted would prove nothing.
    expect(accepted).toBeGreaterThan(cases / 50);
  }, 120_000);

  test(`${cases} chunked bodies of seed ${seed}: what is read whole has the same bytes there`, async () => {
    const random = seededRandom(seed);
    const head =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let accepted = 0;
    for (let i = 0; i < cases; i++) {
      const text = makeChunks(random);
      const bytes = Buffer.from(text, "latin1");
      const split = random.below(bytes.length + 1);
      const ours = new ChunkedBody();
      const first = ours.feed(bytes.subarray(0, split), 0, 1000);
      const used = first < split ? first : split + ours.feed(bytes.subarray(split), 0, 1000);
      if (!ours.isDone) continue;
      accepted++;
      const node = await readWithNode(head + text.slice(0, used));
      expect([JSON.stringify(text), node?.body]).toEqual([JSON.stringify(text), ours.size]);
    }
    expect(accepted).toBeGreaterThan(cases / 50);
  }, 120_000);
});

const chunkPieces = [
  ..."0,1,3,5,a,A,0a,00,03,ff,+3,-3,0x3,3 , 3,3;a=b,3;,3;a,g,,10000000000000000".split(","),
  "\r\n",
  "\n",
  "\r",
  "abc",
  "abcde",
  "X: a\r\n",
  "\t",
  "\u0000",
];

/** Chunks that are right and then, often, damaged in a byte or two. */
function makeChunks(random: ReturnType<typeof seededRandom>): string {
  const pick = (): string => chunkPieces[random.below(chunkPieces.length)] ?? "";
  let text = "";
  for (let i = random.below(4); i > 0; i--) {
    const size = 1 + random.below(20);
    const digits = "0".repeat(random.below(3)) + size.toString(16);
    text += `${random.below(2) === 0 ? digits : digits.toUpperCase()}\r\n${"d".repeat(size)}\r\n`;
    if (random.below(6) === 0) text += pick();
  }
  text += `${"0".repeat(1 + random.below(3))}\r\n\r\n`;
  for (let i = random.below(3); i > 0; i--) {
    const at = random.below(text.length);
    text = text.slice(0, at) + pick() + text.slice(at + random.below(3));
  }
  return text;
}
