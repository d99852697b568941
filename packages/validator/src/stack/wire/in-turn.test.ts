import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shellLine } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { shownSecret } from "../secrets.ts";
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

  it("a secret that a plan keeps in a file is filled in too", () => {
    const folder = mkdtempSync(join(tmpdir(), "loadline-in-turn-"));
    try {
      const file = join(folder, "a key");
      writeFileSync(file, "s'e $c `d`\n");
      const shown = shownSecret(`\${file:${file}}`);
      const line = shellLine(inTurn(["env", `WORD=${shown}`, "printenv", "WORD"]));
      expect(typed(line)).toBe("s'e $c `d`\n");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("a secret is filled in once, whatever it holds", () => {
    const line = shellLine(inTurn(["env", "WORD=$SECRET", "printenv", "WORD"]));
    expect(typed(line)).toBe('a "b" $c `d` \\\n');
  });
});
