import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandLine } from "./command.ts";

describe("command line", () => {
  it("plain words stay bare, others are quoted", () => {
    expect(commandLine(["loadline", "probe", "--name", "it's a b"])).toBe(
      "loadline probe --name 'it'\\''s a b'",
    );
  });

  it("a secret stays a reference in a word of its own and behind another, and nowhere in an address", () => {
    const words = ["curl", "$LOADLINE_KEY", "$(id)", "authorization: Bearer $KEY", "http://a/$KEY"];
    expect(commandLine(words)).toBe(
      "curl \"$LOADLINE_KEY\" '$(id)' 'authorization: Bearer '\"$KEY\" 'http://a/$KEY'",
    );
  });

  it("newlines and escapes never reach the line", () => {
    expect(commandLine(["a\nb", "c\u001b[0m"])).toBe("ab 'c[0m'");
  });

  it("a shell reads back exactly the words that were given", () => {
    const word = fc.stringMatching(/^[ -~]{0,12}$/).filter((text) => !/\$[{A-Za-z_]/.test(text));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const line = commandLine(words);
        const out = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" });
        expect(out.split("\0").slice(0, -1)).toEqual(words);
      }),
      { numRuns: 20 },
    );
  });
});
