import { describe, expect, it } from "vitest";
import { cleanText, clip, clipMiddle } from "./clean-text.ts";

describe("text from a target", () => {
  it("loses escape sequences, C0, C1 and direction marks, and keeps everything readable", () => {
    expect(cleanText("a\u001b[31mred\u001b[0m b")).toBe("ared b");
    expect(cleanText("\u001b]0;title\u0007x\u001b]8;;u\u001b\\y")).toBe("xy");
    expect(cleanText("a\u0000\u0008\u007f\u009b\u202eb")).toBe("ab");
    expect(cleanText("one\r\ntwo\tthree")).toBe("one two three");
    expect(cleanText("Grüße, 世界")).toBe("Grüße, 世界");
  });

  it("a cut is shown and never longer than the width", () => {
    expect(clip("abcdef", 6)).toBe("abcdef");
    expect(clip("abcdefg", 6)).toBe("abcd..");
  });

  it("a path keeps its start and its last part", () => {
    const short = clipMiddle(".loadline/runs/20261121T101812Z-ab12/report.html", 30);
    expect(short).toHaveLength(30);
    expect(short).toMatch(/^\.loadline\.\..*report\.html$/);
    expect(clipMiddle("short", 30)).toBe("short");
  });
});
