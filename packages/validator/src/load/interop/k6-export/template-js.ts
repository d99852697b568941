import { parseTemplate, type TemplateRef } from "../../scenario/template.ts";
import type { Unmapped } from "./unmapped.ts";

/** What a hole may stand for where it is written. */
export interface TemplateContext {
  readonly path: string;
  readonly unmapped: Unmapped;
  /** `env` of the scenario, written in as text. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of variables the script needs; secrets among them. */
  readonly variables: Set<string>;
}

/** A JavaScript expression for a text with holes; `encode` is a function of the script. */
export function textJs(text: string, x: TemplateContext, encode = ""): string {
  const parts = parseTemplate(text);
  if (typeof parts === "string") throw new TypeError(parts);
  if (parts.length === 0) return '""';
  const terms = parts.map((part) => {
    if (typeof part === "string") return JSON.stringify(part);
    return encode === "" ? `text(${refJs(part, x)})` : `${encode}(text(${refJs(part, x)}))`;
  });
  return terms.length === 1 && typeof parts[0] === "string"
    ? (terms[0] ?? '""')
    : terms.join(" + ");
}

/** A JavaScript expression for a JSON value with holes in its texts; one whole hole keeps its type. */
export function valueJs(value: unknown, x: TemplateContext): string {
  if (typeof value === "string") {
    const parts = parseTemplate(value);
    const [only, more] = typeof parts === "string" ? [] : parts;
    if (typeof only === "object" && more === undefined) return refJs(only, x);
    return textJs(value, x);
  }
  if (Array.isArray(value)) return `[${value.map((item) => valueJs(item, x)).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(
      ([key, member]) => `${JSON.stringify(key)}: ${valueJs(member, x)}`,
    );
    return `{ ${members.join(", ")} }`;
  }
  return JSON.stringify(value ?? null);
}

/** A JavaScript expression for what fills a hole. */
export function refJs(ref: TemplateRef, x: TemplateContext): string {
  switch (ref.kind) {
    case "feed":
      return `it.row[${JSON.stringify(ref.name)}]`;
    case "env":
      return JSON.stringify(x.env[ref.name] ?? "");
    case "vu":
      return "exec.vu.idInTest";
    case "iteration":
      return "it.index";
    case "secret":
      return secretJs(ref.name, x);
    case "setup":
    case "session":
      x.unmapped.add(x.path, `\${${ref.kind}} has no form in k6`);
      return '""';
  }
}

/** Secrets are never written into a script: the script asks its environment. */
function secretJs(reference: string, x: TemplateContext): string {
  const name = reference.startsWith("env:") ? reference.slice("env:".length) : null;
  if (name === null) {
    x.unmapped.add(x.path, "a secret of a file; give it as ${env:NAME}");
    return '""';
  }
  x.variables.add(name);
  return `__ENV[${JSON.stringify(name)}]`;
}
