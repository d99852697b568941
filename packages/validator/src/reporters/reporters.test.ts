import { execFileSync } from "node:child_process";
import { verdictOrder } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { markOf, xmlText } from "./junit.ts";
import { fence, inertText, shellLine } from "./markdown.ts";

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

  it("a shell line quotes all but the variable of the key", () => {
    expect(shellLine(["curl", "-H", "authorization: Bearer $KEY", "it's"])).toBe(
      `curl -H 'authorization: Bearer '"$KEY" 'it'\\''s'`,
    );
  });

  it.each([
    ["$ACCESS:$SECRET", "ka:s'e $x"],
    ["$ACCESS:${SECRET}x", "ka:s'e $xx"],
    ["$SECRET", "s'e $x"],
    ["it's $ACCESS, $ACCESS", "it's ka, ka"],
    ["$(id) `id` ${ACCESS:-x} $1 \\", "$(id) `id` ${ACCESS:-x} $1 \\"],
    ["", ""],
    ["a\nb", "a\nb"],
  ])("a shell that runs the line gives its command %j as %j", (word, given) => {
    const env = { PATH: process.env["PATH"] ?? "", ACCESS: "ka", SECRET: "s'e $x" };
    const line = shellLine(["curl", "--user", word, "http://127.0.0.1:1/a?b=c&d"]);
    execFileSync("sh", ["-n", "-c", line]);
    // A command of that name that only shows what it was given.
    const text = `curl() { printf '%s\\0' "$@"; }; ${line}`;
    const seen = execFileSync("sh", ["-c", text], { env, encoding: "utf8" }).split("\0");
    expect(seen).toEqual(["--user", given, "http://127.0.0.1:1/a?b=c&d", ""]);
  });
});
