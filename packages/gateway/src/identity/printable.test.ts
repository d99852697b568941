import { describe, expect, it } from "vitest";
import { printableText } from "./printable.ts";

const takes = (text: string): boolean => printableText(10, "is none").safeParse(text).success;

describe("a name that is shown", () => {
  it.each([
    "a",
    "Ana Lucía",
    "名前",
    "می\u200cخواهم",
    "👩\u200d💻",
    "a".repeat(10),
    "👍".repeat(10),
  ])("may be %s", (text) => {
    expect(takes(text)).toBe(true);
  });

  it.each([
    ["empty", ""],
    ["too long", "a".repeat(11)],
    ["two lines", "a\nb"],
    ["a terminal's escape", "a\u001b[31m"],
    ["its form of eight bits", "a\u009b31m"],
    ["a change of direction", "a\u202efdp.exe"],
    ["one that is isolated", "a\u2067b"],
    ["a line separator", "a\u2028b"],
    ["half a character", "a\ud800b"],
    ["a byte order mark", "\ufeffa"],
  ])("is not %s", (_what, text) => {
    expect(takes(text)).toBe(false);
  });
});
