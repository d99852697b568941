import type { Block } from "./block.ts";
import { embeddedJson, readHtml } from "./read-html.ts";
import { readJson } from "./read-json.ts";
import { readText } from "./read-text.ts";

const pageStart =
  /^\s{0,200}<(?:!doctype html|html|head|body|table|div|h[1-6]|p|section|article|main|ul)\b/i;

/** Reads a report by what it is: JSON, a page, else Markdown or text. */
export function readBlocks(text: string): readonly Block[] {
  const first = text.trimStart()[0] ?? "";
  if (first === "{" || first === "[") {
    const blocks = readJson(text);
    if (blocks !== null) return blocks;
  }
  if (!pageStart.test(text.slice(0, 400))) return readText(text);
  const data = embeddedJson(text).flatMap((one) => readJson(one.text, one.line) ?? []);
  return [...readHtml(text), ...data];
}
