import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cappedText, shownCharsMax, visibleText } from "./visible-text.ts";

describe("visible text", () => {
  it.each([
    ["\u202eevil", "[U+202E]evil"],
    ["a\u0000b", "a[U+0000]b"],
    ["\u001b[31mred", "[U+001B][31mred"],
    ["zero\u200bwidth", "zero[U+200B]width"],
    ["\ufeffbom", "[U+FEFF]bom"],
    ["tag\u{e0041}", "tag[U+E0041]"],
    ["half \ud800", "half [U+D800]"],
    ["\u2066isolate\u2069", "[U+2066]isolate[U+2069]"],
    ["line\u2028end", "line[U+2028]end"],
    ["c1\u0085", "c1[U+0085]"],
  ])("%j shows its hidden characters as codes", (text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it("tabs, newlines, accents and emoji stay as they are", () => {
    expect(visibleText("a\tb\nc \u00e9 \u{1f600} \u05d0")).toBe("a\tb\nc \u00e9 \u{1f600} \u05d0");
  });

  it("no control or bidi character survives in any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(visibleText(text)).not.toMatch(/(?![\t\n])[\p{Cc}\p{Cf}]/u);
      }),
    );
  });

  it("a text over the cap is cut, the rest is counted and no pair is split", () => {
    const long = `${"x".repeat(shownCharsMax - 1)}\u{1f600}yy`;
    const { text, cut } = cappedText(long);
    expect(text).toBe("x".repeat(shownCharsMax - 1));
    expect(cut).toBe(4);
    expect(cappedText("short")).toEqual({ text: "short", cut: 0 });
  });
});
