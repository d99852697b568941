import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeReport, repairMojibake } from "./decode.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
/** The text as a decoder for Windows-1252 reads its UTF-8 bytes. */
const broken = (text: string): string => new TextDecoder("windows-1252").decode(utf8(text));

describe("decodeReport", () => {
  it("a byte order mark is no character of the text", () => {
    expect(decodeReport(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("a");
  });

  it.each([
    ["utf-16le", [0xff, 0xfe, 0x61, 0x00, 0xb5, 0x00]],
    ["utf-16be", [0xfe, 0xff, 0x00, 0x61, 0x00, 0xb5]],
  ])("%s is read by its mark", (_, bytes) => {
    expect(decodeReport(Uint8Array.from(bytes))).toBe("a\u00b5");
  });

  it("lines end the same way whoever wrote them, so that their numbers are alike", () => {
    expect(decodeReport(utf8("a\r\nb\rc\nd"))).toBe("a\nb\nc\nd");
  });

  it("a text that was broken twice is read as it was", () => {
    const twice = broken(broken("p99 \u2264 20 \u00b5s"));
    expect(decodeReport(utf8(twice))).toBe("p99 \u2264 20 \u00b5s");
  });
});

describe("repairMojibake", () => {
  it.each(["\u00b5", "\u2264", "\u2705", "\u{1f7e2}", "caf\u00e9 \u2013 \u201cready\u201d"])(
    "UTF-8 read as Windows-1252 becomes %s again",
    (text) => {
      expect(repairMojibake(`a ${broken(text)} b`)).toBe(`a ${text} b`);
    },
  );

  it.each([
    "\u00e9t\u00e9",
    "\u00c3 la carte",
    "\u00b5s",
    "10 \u20ac",
    "\u00c2",
    // Overlong, and a lone half of a pair: no UTF-8.
    "\u00e0\u0081\u0081",
    "\u00ed\u00a0\u0080",
  ])("what is no broken UTF-8 stays as it is: %s", (text) => {
    expect(repairMojibake(text)).toBe(text);
  });

  it("one sequence that is none takes no other along", () => {
    expect(repairMojibake(`\u00c3x ${broken("\u2264")} \u00c3`)).toBe("\u00c3x \u2264 \u00c3");
  });

  it("ASCII is never changed", () => {
    const ascii = fc.string({ unit: "grapheme-ascii" });
    fc.assert(
      fc.property(ascii, (text) => {
        expect(repairMojibake(text)).toBe(text);
      }),
      { seed: 41 },
    );
  });
});

it("a cross mark whose middle byte a program dropped is a cross again, also beside whole ones", () => {
  const bytes = new TextEncoder().encode("\u00e2\u0152 Restore, \u00e2\u0153\u2026 Login");
  expect(decodeReport(bytes)).toBe("\u274c Restore, \u2705 Login");
});
