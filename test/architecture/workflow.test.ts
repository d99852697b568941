import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { readWorkflow, scriptOf } from "./workflow.ts";

const { text, steps } = readWorkflow();

const stepWith = (word: string): string => steps.find((one) => one.includes(word)) ?? "";

describe("the workflow that ships", () => {
  it("runs each week and by hand, keeps the whole bundle for an archive, and ends with the verdict's own code", () => {
    expect(text).toMatch(/^ {2}workflow_dispatch:$/m);
    expect(text).toMatch(/^ {2}schedule:\n {4}- cron: "\d+ \d+ \* \* [0-6]"$/m);
    const kept = stepWith("upload-artifact");
    expect(kept).toContain("path: ${{ steps.validate.outputs.run }}");
    expect(kept).toContain("if-no-files-found: error");
    expect(kept).toContain("include-hidden-files: true");
    expect(Number(/retention-days: (\d+)/.exec(kept)?.[1])).toBeGreaterThanOrEqual(30);
    // What is kept is kept whatever the verdict is, and the last step alone is the gate.
    expect(kept).toContain("if: always() &&");
    expect(steps.at(-1)).toContain("steps.validate.outputs.code");
  });

  it("has scripts that a shell reads, and hands the code of the run on", () => {
    const scripts = steps.map(scriptOf).filter((script) => script !== "");
    expect(scripts.length).toBeGreaterThan(3);
    for (const script of scripts) {
      // What the code host fills in is a word to the shell.
      const filled = script.replaceAll(/\$\{\{[^}]*\}\}/g, "filled");
      expect(spawnSync("bash", ["-n", "-c", filled], { encoding: "utf8" }).stderr).toBe("");
    }
    const validate = scriptOf(stepWith("id: validate"));
    expect(validate).toMatch(/--profile quick\ncode=\$\?\necho "code=\$code" >>/);
    expect(validate.trimEnd().endsWith("exit 0")).toBe(true);
  });
});
