import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createResponseParser } from "./index.ts";
import { LastHead } from "./last-head.ts";
import type { ResponseParser } from "./types.ts";

const headOf = (...rows: readonly string[]): string =>
  `HTTP/1.1 200 OK\r\n${rows.map((row) => `${row}\r\n`).join("")}\r\n`;
const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

/** Answers whose heads are equal, equal up to a byte, longer by a row, and longer than is remembered. */
const answers = [
  `${headOf("content-length: 2")}ab`,
  `${headOf("content-length: 2")}cd`,
  `${headOf("content-length: 3")}abc`,
  `${headOf("content-length: 2", "x-a: \u00ff")}ef`,
  `${headOf("content-length: 1", `x-long: ${"y".repeat(3000)}`)}a`,
  `${headOf("transfer-encoding: chunked")}2\r\nxy\r\n0\r\n\r\n`,
];

function read(parser: ResponseParser, pieces: readonly Buffer[]): string {
  let seen = "";
  parser.start("GET", {
    head: (status, headers) => void (seen += `${status} ${headers.join("|")} `),
    data: (chunk) => void (seen += chunk.toString("latin1")),
    end: () => void (seen += ` end`),
    fail: (code, detail) => void (seen += ` ${code} ${detail}`),
  });
  for (const piece of pieces) parser.feed(piece);
  return seen;
}

describe("the last head of a connection", () => {
  it("is known by its bytes from its second time on, wherever in a read they begin", () => {
    const last = new LastHead();
    const text = headOf("content-length: 2", "x-a: \u00ff");
    const head = last.read(text);
    expect([last.length, last.repeated(bytes(text), 0)]).toEqual([0, null]);
    expect(last.read(text)).toBe(head);
    expect(last.length).toBe(text.length);
    expect(last.repeated(bytes(`${text}ab`), 0)).toBe(head);
    expect(last.repeated(bytes(`ab${text}`), 2)).toBe(head);
  });

  it("is not found in bytes that differ, that end before it does, or after another was read", () => {
    const last = new LastHead();
    const text = headOf("content-length: 2");
    for (let i = 0; i < 2; i++) last.read(text);
    for (let at = 0; at < text.length; at++) {
      const other = bytes(text);
      other[at] = (other[at] ?? 0) ^ 1;
      expect(last.repeated(other, 0)).toBeNull();
      expect(last.repeated(bytes(text).subarray(0, at), 0)).toBeNull();
    }
    expect(last.repeated(bytes(text), 0)).not.toBeNull();
    last.read(headOf("content-length: 3"));
    expect([last.length, last.repeated(bytes(text), 0)]).toEqual([0, null]);
  });

  it("is forgotten for none that is refused, and a long one is never remembered", () => {
    const last = new LastHead();
    const text = headOf("content-length: 2");
    for (let i = 0; i < 2; i++) last.read(text);
    expect(last.read("HTTP/9 nothing\r\n\r\n")).toBeTypeOf("string");
    expect(last.repeated(bytes(text), 0)).not.toBeNull();
    const long = new LastHead();
    for (let i = 0; i < 3; i++) long.read(headOf(`x-long: ${"y".repeat(3000)}`));
    expect(long.length).toBe(0);
  });

  it("answers of one connection read as if each were the first, in any order and cut anywhere", () => {
    const asked = fc.record({
      at: fc.nat(answers.length - 1),
      cut: fc.nat(200),
      isCut: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(asked, { minLength: 1, maxLength: 12 }), (all) => {
        const kept = createResponseParser();
        for (const { at, cut, isCut } of all) {
          const whole = bytes(answers[at] ?? "");
          const pieces = isCut ? [whole.subarray(0, cut), whole.subarray(cut)] : [whole];
          expect(read(kept, pieces)).toBe(read(createResponseParser(), [whole]));
          expect(kept.reusable).toBe(true);
        }
      }),
    );
  });

  it("a sink that skips data hears no byte of a body, and its end all the same", () => {
    for (const text of answers) {
      let seen = "";
      const parser = createResponseParser();
      parser.start("GET", {
        skipsData: true,
        head: () => void (seen += "head "),
        data: () => void (seen += "data "),
        end: () => void (seen += "end"),
        fail: () => void (seen += "fail"),
      });
      for (const byte of bytes(text)) {
        expect(seen).not.toContain("end");
        parser.feed(Buffer.from([byte]));
      }
      expect([seen, parser.reusable]).toEqual(["head end", true]);
    }
  });
});
