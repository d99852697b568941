import { execFileSync } from "node:child_process";
import { shellLine } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { inTurn } from "./in-turn.ts";

/** What a shell prints that the line was typed into. */
function typed(line: string): string {
  const env = { PATH: process.env["PATH"] ?? "", SECRET: 'a "b" $c `d` \\' };
  return execFileSync("sh", ["-c", line], { env, encoding: "utf8" });
}

describe("commands in turn", () => {
  it("run in their order, with more words than a shell counts in one figure", () => {
    const many = Array.from({ length: 12 }, (_, at) => `w${at}`);
    const line = shellLine(inTurn(["echo", ...many], ["echo", "second"]));
    expect(typed(line)).toBe(`${many.join(" ")}\nsecond\n`);
  });

  it("the later ones run though an earlier one fails", () => {
    expect(typed(shellLine(inTurn(["false"], ["echo", "still"])))).toBe("still\n");
  });

  it("a secret is filled in once, whatever it holds", () => {
    const line = shellLine(inTurn(["env", "WORD=$SECRET", "printenv", "WORD"]));
    expect(typed(line)).toBe('a "b" $c `d` \\\n');
  });
});
