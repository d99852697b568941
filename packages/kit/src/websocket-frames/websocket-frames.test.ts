import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acceptOf,
  createFrameParser,
  encodeClose,
  encodeFrame,
  encodeUpgrade,
  encodeUpgradeAnswer,
  readUpgrade,
} from "./index.ts";

type Role = "client" | "server";
type Seen = readonly [what: string, ...rest: unknown[]];

/** Reads pieces as this role would and lists what the sink was told, payloads as latin1. */
function read(role: Role, pieces: readonly Uint8Array[], messageBytesMax = 100_000): Seen[] {
  const seen: Seen[] = [];
  const text = (payload: Buffer): string => payload.toString("latin1");
  const parser = createFrameParser(
    { role, messageBytesMax },
    {
      message: (payload, binary) => void seen.push([binary ? "binary" : "text", text(payload)]),
      ping: (payload) => void seen.push(["ping", text(payload)]),
      pong: (payload) => void seen.push(["pong", text(payload)]),
      close: (code, reason) => void seen.push(["close", code, reason]),
      fail: (code) => void seen.push(["fail", code]),
    },
  );
  const shared = Buffer.alloc(200_000);
  for (const piece of pieces) {
    // A reader that reuses its buffer: what the parser keeps must be its own.
    shared.fill(0x21);
    shared.set(piece);
    parser.feed(shared.subarray(0, piece.length));
  }
  return seen;
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const bytes = (text: string): Buffer => Buffer.from(text);
const singly = (all: Buffer): Buffer[] => Array.from(all, (_, i) => all.subarray(i, i + 1));

describe("frames", () => {
  it("the examples of RFC 6455 section 5.7 are written and read byte for byte", () => {
    expect(encodeFrame("text", bytes("Hello"), null)).toEqual(hex("81 05 48656c6c6f"));
    const masked = hex("81 85 37fa213d 7f9f4d5158");
    expect(encodeFrame("text", bytes("Hello"), 0x37fa213d)).toEqual(masked);
    expect(read("server", [masked])).toEqual([["text", "Hello"]]);
    expect(read("client", [hex("01 03 48656c"), hex("80 02 6c6f")])).toEqual([["text", "Hello"]]);
    expect(read("client", [hex("89 05 48656c6c6f")])).toEqual([["ping", "Hello"]]);
    expect(encodeFrame("binary", Buffer.alloc(256), null).subarray(0, 4)).toEqual(hex("827e0100"));
    const long = encodeFrame("binary", Buffer.alloc(65_536), null);
    expect(long.subarray(0, 10)).toEqual(hex("827f0000000000010000"));
  });

  it("any messages, in any fragments, with control frames between, read back at any boundaries", () => {
    const message = fc.record({
      text: fc.boolean(),
      payload: fc.string({ unit: "binary", maxLength: 300 }),
      cuts: fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 3 }),
      control: fc.option(fc.constantFrom("ping" as const, "pong" as const), { nil: undefined }),
    });
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
    const mask = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), cuts, mask, (messages, sizes, key) => {
        for (const role of ["client", "server"] as const) {
          const frames: Buffer[] = [];
          const expected: Seen[] = [];
          for (const one of messages) {
            const whole = bytes(one.payload);
            const kind = one.text ? ("text" as const) : ("binary" as const);
            const at = [0, ...one.cuts.toSorted((a, b) => a - b), whole.length];
            for (let i = 0; i + 1 < at.length; i++) {
              const fin = i + 2 === at.length;
              const payload = whole.subarray(at[i], at[i + 1]);
              const opcode = i === 0 ? kind : "continuation";
              frames.push(encodeFrame(opcode, payload, role === "server" ? key : null, { fin }));
              if (one.control === undefined) continue;
              frames.push(encodeFrame(one.control, bytes("c"), role === "server" ? key : null));
              if (!fin) expected.push([one.control, "c"]);
            }
            expected.push([kind, whole.toString("latin1")]);
            if (one.control !== undefined) expected.push([one.control, "c"]);
          }
          const all = Buffer.concat(frames);
          const pieces: Buffer[] = [];
          for (let at = 0, i = 0; at < all.length; i++) {
            const size = sizes[i % sizes.length] ?? 1;
            pieces.push(all.subarray(at, at + size));
            at += size;
          }
          expect(read(role, pieces)).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("lengths on both sides of 126 and 65,536 survive, whole and split at every head byte", () => {
    for (const size of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) {
      for (const mask of [null, 0x01020304]) {
        const payload = Buffer.alloc(size, "x");
        const frame = encodeFrame("binary", payload, mask);
        const role = mask === null ? "client" : "server";
        for (let at = 1; at < Math.min(frame.length, 16); at++) {
          const [seen, ...more] = read(role, [frame.subarray(0, at), frame.subarray(at)]);
          expect([seen?.[0], more]).toEqual(["binary", []]);
          expect(seen?.[1] === "x".repeat(size)).toBe(true);
        }
      }
    }
  });

  it("an encoder of control frames refuses what no peer would take", () => {
    expect(() => encodeFrame("ping", Buffer.alloc(126), null)).toThrow(RangeError);
    expect(() => encodeFrame("pong", Buffer.alloc(1), null, { fin: false })).toThrow(RangeError);
    for (const code of [0, 999, 1004, 1006, 1015, 2000, 5000]) {
      expect(() => encodeClose(code, "", null)).toThrow(RangeError);
    }
  });
});

const violations: Record<string, { role?: Role; bytes: string; code: number }> = {
  "a reserved bit": { bytes: "c1 00", code: 1002 },
  "a reserved data opcode": { bytes: "83 00", code: 1002 },
  "a reserved control opcode": { bytes: "8b 00", code: 1002 },
  "a control frame of 126 bytes": { bytes: "89 7e 007e", code: 1002 },
  "a control frame in fragments": { bytes: "09 00", code: 1002 },
  "a continuation of nothing": { bytes: "80 00", code: 1002 },
  "a message inside fragments": { bytes: "01 01 61 81 01 62", code: 1002 },
  "a masked frame from a server": { bytes: "81 80 00000000", code: 1002 },
  "an unmasked frame from a client": { role: "server", bytes: "81 00", code: 1002 },
  "a 16-bit length below 126": { bytes: "82 7e 007d", code: 1002 },
  "a 64-bit length below 65,536": { bytes: "82 7f 000000000000ffff", code: 1002 },
  "a 64-bit length with its first bit set": { bytes: "82 7f 8000000000000000", code: 1002 },
  "text that is not UTF-8": { bytes: "81 02 c328", code: 1007 },
  "text that ends inside a character": { bytes: "81 02 e282", code: 1007 },
  "a close frame of one byte": { bytes: "88 01 03", code: 1002 },
  "a close code nobody may send": { bytes: "88 02 03ed", code: 1002 },
  "a close reason that is not UTF-8": { bytes: "88 04 03e8 c328", code: 1007 },
  "a message over the limit, by its length alone": { bytes: "82 7f 0000000000100000", code: 1009 },
};

describe("what a peer must not send", () => {
  for (const [name, v] of Object.entries(violations)) {
    it(`${name} is refused with ${v.code}, whole and byte by byte, and nothing follows`, () => {
      const after = encodeFrame("text", bytes("later"), v.role === "server" ? 1 : null);
      const all = Buffer.concat([hex(v.bytes), after]);
      expect(read(v.role ?? "client", [all])).toEqual([["fail", v.code]]);
      expect(read(v.role ?? "client", singly(all))).toEqual([["fail", v.code]]);
    });
  }

  it("fragments that together pass the limit are refused, those at the limit are not", () => {
    const part = (size: number, fin: boolean): Buffer =>
      encodeFrame("continuation", Buffer.alloc(size), null, { fin });
    const first = encodeFrame("binary", Buffer.alloc(60), null, { fin: false });
    expect(read("client", [first, part(40, true)], 100)[0]?.[0]).toBe("binary");
    expect(read("client", [first, part(41, true)], 100)).toEqual([["fail", 1009]]);
    const empties = Array.from({ length: 10_000 }, () => part(0, false));
    expect(read("client", [first, ...empties, part(1, true)], 100)[0]?.[0]).toBe("binary");
  });

  it("after a close frame nothing is read any more", () => {
    const all = Buffer.concat([
      encodeClose(1001, "bye", null),
      encodeFrame("ping", bytes(""), null),
    ]);
    expect(read("client", [all])).toEqual([["close", 1001, "bye"]]);
    expect(read("client", [encodeClose(1005, "", null)])).toEqual([["close", 1005, ""]]);
  });

  it("no bytes at all make the parser throw, and an end is told at most once", () => {
    const frame = fc.tuple(
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 255 }),
      fc.uint8Array({ maxLength: 30 }),
    );
    const noise = fc.array(frame, { maxLength: 12 });
    fc.assert(
      fc.property(noise, fc.boolean(), (frames, whole) => {
        const all = Buffer.concat(frames.map(([a, b, rest]) => Buffer.from([a, b, ...rest])));
        for (const role of ["client", "server"] as const) {
          const seen = read(role, whole ? [all] : singly(all), 64);
          const ends = seen.filter(([what]) => what === "close" || what === "fail");
          expect(ends.length).toBeLessThanOrEqual(1);
          if (ends.length === 1) expect(seen.at(-1)).toBe(ends[0]);
          expect(seen).toEqual(read(role, whole ? singly(all) : [all], 64));
        }
      }),
      { numRuns: 600 },
    );
  });

  it("partial tells a cut message from an end between messages", () => {
    const sink = { message() {}, ping() {}, pong() {}, close() {}, fail() {} };
    const parser = createFrameParser({ role: "client" }, sink);
    const frame = encodeFrame("text", bytes("abc"), null);
    parser.feed(frame);
    expect(parser.partial).toBe(false);
    parser.feed(frame.subarray(0, 1));
    expect(parser.partial).toBe(true);
    parser.feed(frame.subarray(1));
    parser.feed(encodeFrame("text", bytes("a"), null, { fin: false }));
    expect(parser.partial).toBe(true);
  });
});

describe("opening handshake", () => {
  const nonce = Buffer.from("the sample nonce");
  const key = nonce.toString("base64");
  const answer = encodeUpgradeAnswer(key);

  it("the example of RFC 6455 section 1.3 gives its accept value", () => {
    expect(key).toBe("dGhlIHNhbXBsZSBub25jZQ==");
    expect(acceptOf(key)).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    const request = encodeUpgrade("/ws", ["host", "h"], nonce).toString("latin1");
    expect(request).toMatch(/^GET \/ws HTTP\/1\.1\r\n/);
    expect(request).toContain(`sec-websocket-key: ${key}\r\n`);
    expect(request).not.toContain("content-length");
  });

  it("consent is read only when its head is whole, and frames begin behind it", () => {
    for (let at = 0; at < answer.length; at++) {
      expect(readUpgrade(answer.subarray(0, at), nonce)).toBeNull();
    }
    const more = Buffer.concat([answer, encodeFrame("ping", bytes(""), null)]);
    expect(readUpgrade(more, nonce)).toEqual({ type: "open", at: answer.length });
  });

  it("a refusal keeps its status; a lie in the consent is a fault of the protocol", () => {
    const refused = bytes("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    expect(readUpgrade(refused, nonce)).toEqual({ type: "refused", status: 403 });
    const text = answer.toString("latin1");
    const lies = [
      text.replace(acceptOf(key), acceptOf("x")),
      text.replace("upgrade: websocket", "upgrade: h2c"),
      text.replace("connection: Upgrade", "connection: close"),
      text.replace("\r\n\r\n", "\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n"),
      text.replace("\r\n\r\n", "\r\nsec-websocket-protocol: chat\r\n\r\n"),
      text.replace("HTTP/1.1", "SPDY/3"),
      text.replace("connection: Upgrade", "connection Upgrade"),
    ];
    for (const lie of lies) expect(readUpgrade(bytes(lie), nonce)?.type).toBe("protocol");
    expect(readUpgrade(Buffer.alloc(70_000, "a"), nonce)?.type).toBe("protocol");
  });
});
