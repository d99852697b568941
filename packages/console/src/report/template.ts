import { createHash } from "node:crypto";
import { escapeHtml } from "./escape.ts";

/** The built page bundle: plain script and style text. */
export interface ReportAssets {
  readonly script: string;
  readonly style: string;
}

interface DocumentParts {
  readonly title: string;
  /** Static markup of the first screen. */
  readonly body: string;
  /** JSON, already safe inside a script element. */
  readonly data: string;
  readonly assets: ReportAssets;
}

/**
 * A closing tag inside a script or style element would end it: `<\/script` means the same in a
 * JavaScript string or pattern, and CSS has no use for the sequence at all.
 */
const rawText = (text: string, element: "script" | "style"): string =>
  text
    .replaceAll("\r\n", "\n")
    .replace(new RegExp(`</(?=${element})`, "gi"), "<\\/")
    .replaceAll("<!--", "<\\!--");

const sourceHash = (text: string): string =>
  `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;

/** The policy of a page of these assets: nothing but the one script and the one style it carries. */
export function policyOf(assets: ReportAssets): string {
  const script = rawText(assets.script, "script");
  const style = rawText(assets.style, "style");
  return [
    "default-src 'none'",
    `script-src ${sourceHash(script)}`,
    `style-src ${sourceHash(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

const head = (title: string, policy: string, style: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
`;

/** One document of markup alone: it runs and loads nothing. */
export function plainDocumentOf(parts: Pick<DocumentParts, "title" | "body" | "assets">): string {
  const style = rawText(parts.assets.style, "style");
  const policy = [
    "default-src 'none'",
    `style-src ${sourceHash(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `${head(parts.title, policy, style)}<div id="app">${parts.body}</div>\n</body>\n</html>\n`;
}

/** Puts the parts into one document that loads nothing. */
export function documentOf(parts: DocumentParts): string {
  const script = rawText(parts.assets.script, "script");
  const style = rawText(parts.assets.style, "style");
  return `${head(parts.title, policyOf(parts.assets), style)}<div id="app">${parts.body}</div>
<script type="application/json" id="model">${parts.data}</script>
<script>${script}</script>
</body>
</html>
`;
}
