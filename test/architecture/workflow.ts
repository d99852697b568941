import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./tree.ts";

/** The workflow that ships: its text, and its steps as text, in their order. */
export function readWorkflow(): { readonly text: string; readonly steps: readonly string[] } {
  const text = readFileSync(join(repositoryRoot, ".github/workflows/readiness.yml"), "utf8");
  return { text, steps: text.split(/^ {6}- /m).slice(1) };
}

/** The script of a step: its one line, or its block without the indentation; empty without one. */
export function scriptOf(step: string): string {
  const [, block] = /^ {8}run: \|\n((?: {10}.*\n?|\n)*)/m.exec(step) ?? [];
  if (block !== undefined) return block.replaceAll(/^ {10}/gm, "");
  return /^ *(?:run: )(.*)$/m.exec(step)?.[1] ?? "";
}
