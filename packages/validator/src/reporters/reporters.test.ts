import { verdictOrder } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { markOf, xmlText } from "./junit.ts";
import { fence, inertText } from "./markdown.ts";

describe("reporters", () => {
  it("no verdict but passed is a plain testcase, and none without disposition is skipped", () => {
    for (const verdict of verdictOrder) {
      const mark = markOf({ verdict });
      expect(mark === null, verdict).toBe(verdict === "passed");
      expect(mark, verdict).not.toBe("skipped");
    }
    expect(markOf({ verdict: "failed" })).toBe("failure");
    expect(markOf({ verdict: "not_tested" })).toBe("error");
    expect(markOf({ verdict: "failed", disposition: "waived" })).toBe("skipped");
  });

  it("hostile text stays inside its XML attribute", () => {
    expect(xmlText('"/><x a="\u0000&')).toBe("&quot;/&gt;&lt;x a=&quot;\ufffd&amp;");
    expect(xmlText("\ud800")).toBe("\ufffd");
  });

  it("hostile text makes no Markdown and no HTML of its own", () => {
    const shown = inertText("<script>\n| [a](javascript:1) `x` # h");
    expect(shown).not.toMatch(/<|\n/);
    expect(shown).toContain("\\|");
    expect(shown).toContain("\\[a\\]");
  });

  it("a fence cannot be closed from inside", () => {
    expect(fence("```\n# out")).toMatch(/^````text\n/);
  });
});
