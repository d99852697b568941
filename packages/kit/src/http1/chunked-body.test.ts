import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkedBody } from "./index.ts";

const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`;
const last = "0\r\n\r\n";

function read(text: string, bytesMax = 1_000_000) {
  const body = new ChunkedBody();
  const bytes = Buffer.from(text, "latin1");
  const used = body.feed(bytes, 0, bytesMax);
  return { body, used };
}

describe("a chunked body", () => {
  test("is its data without the framing, and what follows is left", () => {
    const { body, used } = read(`${chunk("hello ")}${chunk("world")}${last}POST /`);
    expect([body.isDone, body.isBad, body.size]).toEqual([true, false, 11]);
    expect(body.take().toString()).toBe("hello world");
    expect(used).toBe(`${chunk("hello ")}${chunk("world")}${last}`.length);
  });

  test("may be empty, and sizes have either letter case and leading zeros", () => {
    expect(read(last).body.take()).toHaveLength(0);
    const data = "x".repeat(171);
    expect(read(`00aB\r\n${data}\r\n000\r\n\r\n`).body.take().toString()).toBe(data);
  });

  test("at every split point of its bytes gives the same data", () => {
    const text = `${chunk("a".repeat(17))}${chunk("b")}${last}`;
    const bytes = Buffer.from(text);
    for (let at = 0; at <= bytes.length; at++) {
      const body = new ChunkedBody();
      expect(body.feed(bytes.subarray(0, at), 0, 100)).toBe(at);
      body.feed(bytes.subarray(at), 0, 100);
      expect([body.isDone, body.take().toString()]).toEqual([true, `${"a".repeat(17)}b`]);
    }
  });

  test("of any chunks, cut anywhere, is what was sent", () => {
    const data = fc.string({
      minLength: 1,
      maxLength: 40,
      unit: fc.constantFrom("a", "\r", "\n", "0"),
    });
    fc.assert(
      fc.property(fc.array(data, { maxLength: 12 }), fc.array(fc.nat(60)), (chunks, cuts) => {
        const bytes = Buffer.from(`${chunks.map(chunk).join("")}${last}next`, "latin1");
        const body = new ChunkedBody();
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          const part = bytes.subarray(at, at + cut);
          at += body.feed(part, 0, 1000);
          if (body.isDone) break;
        }
        expect(body.isDone).toBe(true);
        expect(bytes.subarray(at).toString()).toBe("next");
        expect(body.take().toString("latin1")).toBe(chunks.join(""));
      }),
    );
  });

  test("of single bytes keeps memory for its data, not for its chunks", () => {
    const body = new ChunkedBody();
    const one = Buffer.from(chunk("x"));
    for (let i = 0; i < 100_000; i++) body.feed(one, 0, 1_000_000);
    body.feed(Buffer.from(last), 0, 1_000_000);
    const data = body.take();
    expect(data).toHaveLength(100_000);
    expect(data.buffer.byteLength).toBeLessThanOrEqual(262_144);
  });

  test("beyond its bound is counted and not kept", () => {
    const { body } = read(chunk("x".repeat(5000)), 100);
    expect([body.size, body.take().length]).toEqual([5000, 0]);
  });

  test.each([
    ["no size", "\r\n"],
    ["no size and an empty line", "\r\n\r\n"],
    ["a size that is none", "g\r\n"],
    ["a signed size", "+3\r\nabc"],
    ["a negative size", "-3\r\nabc"],
    ["a hexadecimal prefix", "0x3\r\nabc"],
    ["a blank before the size", " 3\r\nabc"],
    ["a blank after the size", "3 \r\nabc"],
    ["thirteen digits", "0000000000003\r\nabc"],
    ["an extension", "3;a=b\r\nabc"],
    ["a bare LF after the size", "3\nabc"],
    ["a bare CR after the size", "3\rabc"],
    ["data longer than its size", "3\r\nabcd\r\n"],
    ["data shorter than its size", "3\r\nab\r\n0"],
    ["a bare LF after the data", "3\r\nabc\n"],
    ["a trailer", "0\r\nX: a\r\n\r\n"],
    ["a bare LF at the end", "0\r\n\n"],
  ])("%s is bad, and nothing after it is read", (_name, text) => {
    const { body, used } = read(`${text}${last}`);
    expect([body.isBad, body.isDone]).toEqual([true, false]);
    expect(used).toBeLessThan(text.length + last.length);
    expect(body.feed(Buffer.from(last), 0, 100)).toBe(0);
  });
});
