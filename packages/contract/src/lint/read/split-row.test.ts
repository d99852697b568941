import { describe, expect, it } from "vitest";
import { columnsMax, textMax } from "./block.ts";
import { cleanInline } from "./clean-cell.ts";
import { hasBars, isRuleLine, splitBars, splitSpaces, splitTabs } from "./split-row.ts";

const bars = (line: string): string[] => splitBars(line, 3).map((cell) => cell.text);

describe("rows", () => {
  it("outer bars are the frame of a row, inner ones its borders", () => {
    expect(bars("| a | b |")).toEqual(["a", "b"]);
    expect(bars("a | b")).toEqual(["a", "b"]);
    expect(bars("| a | | c |")).toEqual(["a", "", "c"]);
    expect(bars("\u2502 a \u2503 b \u2551")).toEqual(["a", "b"]);
  });

  it("an escaped bar and one inside code are text", () => {
    expect(bars("| a \\| b | c |")).toEqual(["a | b", "c"]);
    expect(bars("| `a | b` | c |")).toEqual(["a | b", "c"]);
  });

  it("a tick that is never closed opens no code", () => {
    expect(bars("| a ` b | c |")).toEqual(["a b", "c"]);
  });

  it("tabs and two or more spaces part cells, one space does not", () => {
    expect(splitTabs("a b\tc", 1).map((cell) => cell.text)).toEqual(["a b", "c"]);
    expect(splitSpaces("  a b   c  d", 1).map((cell) => cell.text)).toEqual(["a b", "c", "d"]);
  });

  it("each cell knows its line, and a row has at most 64 of them", () => {
    const cells = splitBars("| a ".repeat(columnsMax + 6), 7);
    expect(cells).toHaveLength(columnsMax);
    expect(new Set(cells.map((cell) => cell.line))).toEqual(new Set([7]));
  });

  it("a line of dashes, signs and corners alone is a rule", () => {
    for (const line of ["|---|:-:|", "+----+", "====", "\u2500\u253c\u2500"]) {
      expect(isRuleLine(line)).toBe(true);
    }
    for (const line of ["-", "| |", "|--x--|", "", "::"]) expect(isRuleLine(line)).toBe(false);
    expect([hasBars("a | b"), hasBars("a, b")]).toEqual([true, false]);
  });
});

describe("cleanInline", () => {
  it.each([
    ["**p99** _is_ `3 ms`", "p99 is 3 ms"],
    ["snake_case_name stays", "snake_case_name stays"],
    ["see [the run](run.json) ![chart](a.png)", "see the run chart"],
    ["~~failed~~ passed", "passed"],
    ["~~ open at its end", "~~ open at its end"],
    ["3 &lt; 4 &amp; 5 &#8804; 6 &#x2264; 7", "3 < 4 & 5 \u2264 6 \u2264 7"],
    ["&unknown; stays, &#0; too", "&unknown; stays, &#0; too"],
    ["&toString; stays", "&toString; stays"],
    ["a<br>b <b>c</b>", "a b c"],
    ["1 \\* 2", "1 * 2"],
    ["a \t  b ", "a b"],
  ])("%s reads %s", (raw, text) => {
    expect(cleanInline(raw)).toBe(text);
  });

  it("of a cell 4,000 characters are read", () => {
    expect(cleanInline("x".repeat(textMax + 1))).toHaveLength(textMax);
  });
});
