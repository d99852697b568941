import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ClientFrame, FrameReader, writeFrame } from "./frames.ts";

/** A frame as a client sends it: masked, its length in the shortest form. */
function masked(first: number, payload: Buffer, key = [1, 2, 3, 4]): Buffer {
  const plain = writeFrame(first & 0x0f, payload);
  const head = Buffer.from(plain.subarray(0, plain.length - payload.length));
  head[0] = first;
  head[1] = (head[1] ?? 0) | 0x80;
  const body = payload.map((byte, i) => byte ^ (key[i & 3] ?? 0));
  return Buffer.concat([head, Buffer.from(key), body]);
}

function readAll(pieces: readonly Buffer[]): (ClientFrame | "bad")[] {
  const reader = new FrameReader();
  const found: (ClientFrame | "bad")[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let one = reader.next(); one !== null; one = reader.next()) {
      found.push(one);
      if (one === "bad") return found;
    }
  }
  return found;
}

const text = (opcode: number, value: string): Buffer => masked(0x80 | opcode, Buffer.from(value));
const open = (opcode: number, value: string): Buffer => masked(opcode, Buffer.from(value));

describe("the referee's reading of frames", () => {
  it.each([0, 1, 125, 126, 65_535, 65_536])("a payload of %i bytes comes back unmasked", (size) => {
    const payload = Buffer.alloc(size, 7);
    expect(readAll([masked(0x82, payload, [9, 0, 255, 3])])).toEqual([{ opcode: 2, payload }]);
  });

  it("messages are the same wherever the bytes were cut", () => {
    const bytes = Buffer.concat([text(1, "one"), open(1, "t"), text(9, ""), text(0, "wo")]);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const pieces = edges.slice(1).map((end, i) => bytes.subarray(edges[i] ?? 0, end));
        const found = readAll(pieces).map((one) =>
          one === "bad" ? one : `${one.opcode}:${one.payload.toString()}`,
        );
        expect(found).toEqual(["1:one", "9:", "1:two"]);
      }),
    );
  });

  it.each([
    ["a reserved bit", masked(0xc1, Buffer.from("x"))],
    ["a frame that is not masked", writeFrame(1, Buffer.from("x"))],
    ["a control frame over 125 bytes", masked(0x89, Buffer.alloc(126))],
    ["a control frame in several", masked(0x09, Buffer.from("x"))],
    ["a continuation of nothing", text(0, "x")],
    ["a new message inside another", Buffer.concat([open(1, "a"), text(1, "b")])],
  ])("%s is refused", (_, bytes) => {
    expect(readAll([bytes]).at(-1)).toBe("bad");
  });

  it("a length over 16 MiB is refused before its bytes are waited for", () => {
    const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0]);
    expect(readAll([head])).toEqual(["bad"]);
  });

  it("frames it writes carry no mask and the shortest length", () => {
    expect([...writeFrame(1, Buffer.from("hi"))]).toEqual([0x81, 2, 0x68, 0x69]);
    expect(writeFrame(2, Buffer.alloc(126)).subarray(0, 4)).toEqual(
      Buffer.from([0x82, 126, 0, 126]),
    );
    expect(writeFrame(2, Buffer.alloc(65_536)).readBigUInt64BE(2)).toBe(65_536n);
  });
});
