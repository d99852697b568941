import { shellLine } from "@loadline/validator";
import { cleanText } from "./clean-text.ts";

/**
 * A command as shell text to copy: broken between its words, each line but the last ending in ` \`.
 * Nothing of it is left out, so a word that is longer than `columns` stands on a longer line.
 */
export function commandLines(argv: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const [index, word] of argv.entries()) {
    const text = cleanText(shellLine([word]));
    const isLast = index === argv.length - 1;
    const room = columns - (isLast ? 0 : 2);
    if (line !== "" && line.length + 1 + text.length > room) {
      lines.push(`${line} \\`);
      line = text;
    } else {
      line = line === "" ? text : `${line} ${text}`;
    }
  }
  return [...lines, line];
}
