import { Socket } from "node:net";
import { TestClock } from "@loadline/kit/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHttp1Pool, createResponseParser } from "./index.ts";

const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

interface Seen {
  body: string;
  /** Chunks that were taken in their framing. */
  whole: string[];
  outcome: string;
}

/** Reads as a connection does: each piece is offered, and fed when it is not taken. */
function read(pieces: readonly string[], takes: (data: string) => boolean = () => true): Seen {
  const seen: Seen = { body: "", whole: [], outcome: "open" };
  const parser = createResponseParser();
  parser.start("GET", {
    head: () => undefined,
    data: (chunk) => void (seen.body += chunk.toString("latin1")),
    wholeChunk(buffer, start, from, end) {
      const data = buffer.toString("latin1", from, end - 2);
      if (!takes(data)) return false;
      seen.whole.push(buffer.toString("latin1", start, end));
      seen.body += data;
      return true;
    },
    end: () => void (seen.outcome = "end"),
    fail: (code, detail) => void (seen.outcome = `${code}: ${detail}`),
  });
  // What a shared buffer holds beyond a read are the bytes of an earlier one.
  const shared = Buffer.alloc(4096, "\r\n0\r\n\r\n");
  for (const piece of pieces) {
    const length = shared.write(piece, "latin1");
    let start = 0;
    let end = parser.chunkEnd(shared, start, length);
    while (end > 0 && parser.offerChunk(shared, start, end)) {
      start = end;
      end = parser.chunkEnd(shared, start, length);
    }
    parser.feed(Buffer.from(shared.subarray(start, length)));
  }
  return seen;
}

describe("a whole chunk of a read", () => {
  it("comes in its framing, and the body goes on after it", () => {
    const seen = read([head, "3\r\nabc\r\n", "00A\r\n0123456789\r\n", "0\r\n\r\n"]);
    expect(seen.whole).toEqual(["3\r\nabc\r\n", "00A\r\n0123456789\r\n"]);
    expect(seen).toMatchObject({ body: "abc0123456789", outcome: "end" });
  });

  it("that is not taken comes as data", () => {
    const seen = read([head, "3\r\nabc\r\n", "2\r\nde\r\n", "0\r\n\r\n"], (data) => data === "de");
    expect(seen.whole).toEqual(["2\r\nde\r\n"]);
    expect(seen).toMatchObject({ body: "abcde", outcome: "end" });
  });

  it.each([
    ["another", "3\r\ndef\r\n", ["3\r\nabc\r\n", "3\r\ndef\r\n"], "abcdef"],
    ["half of another", "3\r\nd", ["3\r\nabc\r\n"], "abcd"],
    ["the last", "0\r\n\r\n", ["3\r\nabc\r\n"], "abc"],
  ])("comes in its framing with %s behind it", (_name, behind, whole, body) => {
    expect(read([head, `3\r\nabc\r\n${behind}`])).toMatchObject({ whole, body });
  });

  it("behind one that is not taken comes as data with it", () => {
    const seen = read([head, "3\r\nabc\r\n2\r\nde\r\n"], (data) => data === "de");
    expect(seen).toMatchObject({ whole: [], body: "abcde" });
  });

  it.each([
    ["with the head", [`${head}3\r\nabc\r\n`]],
    ["cut in its size", [head, "1", "0\r\n0123456789abcdef\r\n"]],
    ["cut in its data", [head, "3\r\na", "bc\r\n"]],
    ["cut in its end", [head, "3\r\nabc\r", "\n"]],
    ["after the end of another", [head, "3\r\nab", "c\r\n3\r\nabc\r\n"]],
    ["with an extension", [head, "3;x=y\r\nabc\r\n"]],
    ["of no bytes", [head, "0\r\n\r\n"]],
    ["of a size with six digits", [head, "000003\r\nabc\r\n"]],
  ])("is told from one %s", (_name, pieces) => {
    const seen = read(pieces);
    expect(seen.whole).toEqual([]);
    expect(seen.outcome).toBe(read(pieces, () => false).outcome);
    expect(seen.outcome).not.toContain("protocol");
  });

  it.each([
    "3\r\nabcd\r\n",
    "3\r\nabc\n\n",
    "3\rxabc\r\n",
    "g\r\nabc\r\n",
    "\r\nabc\r\n",
    "-1\r\n\r\n",
  ])("is refused as ever when malformed: %j", (piece) => {
    const seen = read([head, piece]);
    expect(seen.whole).toEqual([]);
    expect(seen.outcome).toMatch(/^protocol: /);
  });

  it("of a body with a length is no chunk", () => {
    const seen = read(["HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n", "3\r\nabc\r\n"]);
    expect(seen).toEqual({ body: "3\r\nabc\r\n", whole: [], outcome: "end" });
  });

  it("cut anywhere, taken or not, is the same body with the same end", () => {
    const chunk = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 40 });
    const last = fc.constantFrom("0\r\n\r\n", "0\r\nx: 1\r\n\r\n", "", "3\r\nab", "zz\r\n");
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 6 }),
        last,
        fc.array(fc.nat({ max: 300 }), { maxLength: 4 }),
        fc.integer({ min: 0, max: 3 }),
        (chunks, end, cuts, skipped) => {
          const framed = chunks.map((data) => `${data.length.toString(16)}\r\n${data}\r\n`);
          const whole = read([head, framed.join("") + end], () => false);
          const takes = (data: string): boolean => data.length % 4 !== skipped;
          const all = framed.join("");
          const at = [0, ...cuts.filter((cut) => cut < all.length).toSorted((a, b) => a - b)];
          const pieces = at.map((cut, i) => all.slice(cut, at[i + 1])).filter((p) => p !== "");
          for (const split of [framed, pieces]) {
            const { body, outcome } = read([head, ...split, ...(end ? [end] : [])], takes);
            expect({ body, outcome }).toEqual({ body: whole.body, outcome: whole.outcome });
          }
        },
      ),
      { numRuns: 500, seed: 11 },
    );
  });
});

/** A socket without a kernel. */
class Wire extends Socket {
  override _read(): void {
    // The test pushes.
  }

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

/** What a sink of a pool is told of reads that each come for themselves. */
async function toldOf(reads: readonly string[]): Promise<string[]> {
  const told: string[] = [];
  let next = 0;
  const wire = new Wire();
  const pool = createHttp1Pool({
    connect: () => wire,
    connectionsMax: 1,
    queueMax: 1,
    queueWaitMs: 1000,
    connectTimeoutMs: 1000,
    idleMs: 1000,
    clock: new TestClock(),
  });
  const ended = new Promise<void>((resolve) => {
    pool.request(
      { method: "GET", path: "/", headers: ["host", "x"] },
      {
        head: () => void told.push("head"),
        data: (chunk) => void told.push(chunk.toString("latin1")),
        wholeChunk(bytes, start, from, end) {
          told.push(`whole ${bytes.toString("latin1", from, end - 2)}`);
          return true;
        },
        gather: (isOn) => void told.push(isOn ? "(" : ")"),
        end: () => resolve(),
        fail: (code) => {
          told.push(code);
          resolve();
        },
      },
    );
  });
  const push = (): void => {
    if (next >= reads.length) return;
    told.push("|");
    wire.push(Buffer.from(reads[next++] ?? ""));
    setImmediate(push);
  };
  push();
  await ended;
  pool.close();
  return told;
}

describe("a read of several chunks", () => {
  it("is gathered, one of a single chunk is not", async () => {
    const a = "1\r\na\r\n";
    const told = await toldOf([head, a, a + a, `${a}1\r\nb`, `\r\n`, `${a}0\r\n\r\n`]);
    expect(told.join(" ")).toBe(
      "| ( head ) | whole a | ( whole a whole a ) | ( whole a b ) | ( ) | ( whole a )",
    );
  });
});
