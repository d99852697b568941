import { describe, expect, it } from "vitest";
import { hostileTexts } from "../../test/hostile-texts.ts";
import { csvOf } from "./export.ts";

/** The cells of one line of CSV as a reader by RFC 4180 takes them. */
const cellsOf = (csv: string): string[] =>
  [...csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?:,|\r\n)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );

const lineOf = (...row: (string | number | boolean | null)[]): string =>
  csvOf({ columns: [], rows: [row] }).slice(2);

describe("csv", () => {
  it.each(["=1+1", "+1", "-1", "@sum(a)", "  =1", "\t=1", "\r=1", "\uff1d1", "\uff0b1", "\uff20a"])(
    "a text that a spreadsheet would run begins with an apostrophe: %j",
    (text) => {
      expect(cellsOf(lineOf(text))).toEqual([`'${text}`]);
    },
  );

  it("a number stays one, also below zero, and nothing measured is said in words", () => {
    expect(lineOf(-5, 0, 1.25, true, null)).toBe("-5,0,1.25,true,not measured\r\n");
  });

  it("commas, quotes, line ends and outer spaces come back as they were", () => {
    const row = ["a,b", 'say "x"', "two\r\nlines", " held ", "", "plain"];
    expect(cellsOf(lineOf(...row))).toEqual(row);
  });

  it.each(hostileTexts)("$name stays in its own cell", ({ text }) => {
    const [before, shown, after] = cellsOf(lineOf("a", text, "b"));
    expect([before, after]).toEqual(["a", "b"]);
    expect(["", "'"].map((mark) => `${mark}${text}`)).toContain(shown);
  });

  it("the columns come first, every line ends as the format asks", () => {
    expect(csvOf({ columns: ["id", "n"], rows: [["a", 1]] })).toBe("id,n\r\na,1\r\n");
    expect(csvOf({ columns: ["id"], rows: [] })).toBe("id\r\n");
  });
});
