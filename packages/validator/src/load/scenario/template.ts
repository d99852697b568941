import { nearest } from "@loadline/kit/nearest";
import { textOf, type FeedRow } from "./feed/table.ts";
import { valueAt } from "./json-path.ts";

/** What `${...}` in a step may name. */
export interface TemplateScope {
  readonly feed: FeedRow | null;
  readonly env: Readonly<Record<string, string>>;
  readonly setup: unknown;
  readonly vu: number;
  readonly iteration: number;
  readonly session: number;
  readonly secrets: Readonly<Record<string, string>>;
}

/** A hole of a template. */
export interface TemplateRef {
  readonly kind: "feed" | "env" | "setup" | "secret" | "vu" | "iteration" | "session";
  /** Column, variable, path or reference; empty for numbers. */
  readonly name: string;
}

/** Literal texts and holes, one after the other. */
export type TemplatePart = string | TemplateRef;

const dotted = ["feed", "env", "setup"] as const;
const plainRefs = ["vu", "iteration", "session"] as const;
const known = [...dotted.map((one) => `${one}.`), ...plainRefs, "env:", "file:"];

/** The places of other tools, which nothing here fills. */
const foreignPlace = /\{\{[^{}]+\}\}/;

/** What is wrong with a text that has a place of another tool, else null. */
export function foreignPlaceIn(text: string): string | null {
  const found = foreignPlace.exec(text)?.[0];
  if (found === undefined) return null;
  return `nothing fills ${found}: write \${feed.COLUMN}, \${env.NAME} or \${setup.PATH}; braces that are meant go through \`env\``;
}

/** Parts of a text; `$${` is a literal `${`. A string says what is wrong with it. */
export function parseTemplate(text: string): readonly TemplatePart[] | string {
  const foreign = foreignPlaceIn(text);
  if (foreign !== null) return foreign;
  const parts: TemplatePart[] = [];
  let literal = "";
  for (let at = 0; at < text.length;) {
    const open = text.indexOf("${", at);
    if (open === -1) {
      literal += text.slice(at);
      break;
    }
    if (text[open - 1] === "$" && open > at) {
      literal += `${text.slice(at, open - 1)}\${`;
      at = open + 2;
      continue;
    }
    const close = text.indexOf("}", open);
    if (close === -1) return `"\${" is never closed`;
    const ref = refOf(text.slice(open + 2, close).trim());
    if (typeof ref === "string") return ref;
    literal += text.slice(at, open);
    if (literal !== "") parts.push(literal);
    literal = "";
    parts.push(ref);
    at = close + 1;
  }
  if (literal !== "") parts.push(literal);
  return parts;
}

function refOf(text: string): TemplateRef | string {
  if (/^(?:env|file):\S/.test(text)) return { kind: "secret", name: text };
  for (const kind of plainRefs) if (text === kind) return { kind, name: "" };
  for (const kind of dotted) {
    if (text.startsWith(`${kind}.`) && text.length > kind.length + 1) {
      return { kind, name: text.slice(kind.length + 1) };
    }
  }
  const best = nearest(text.replace(/[.:].*$/, "."), known);
  const hint = best === null ? `; known are ${known.join(", ")}` : `; did you mean "${best}"?`;
  return `nothing is called \${${text}}${hint}`;
}

/** The value of a hole; undefined where there is none. */
export function refValue(ref: TemplateRef, scope: TemplateScope): unknown {
  switch (ref.kind) {
    case "feed":
      return scope.feed?.[ref.name];
    case "env":
      return scope.env[ref.name];
    case "setup":
      return valueAt(scope.setup, ref.name);
    case "secret":
      return scope.secrets[ref.name];
    case "vu":
      return scope.vu;
    case "iteration":
      return scope.iteration;
    case "session":
      return scope.session;
  }
}

/** A text with holes, compiled; `fixed` where it has none. */
export type TextTemplate = { readonly fixed: string } | { readonly parts: readonly TemplatePart[] };

/** Compiles a text. Throws TypeError for one that `parseTemplate` refuses: check it before. */
export function compileText(text: string): TextTemplate {
  const parts = parseTemplate(text);
  if (typeof parts === "string") throw new TypeError(parts);
  if (parts.every((part) => typeof part === "string")) return { fixed: parts.join("") };
  return { parts };
}

/** The text of this moment; `encode` is applied to what fills the holes. */
export function fillText(
  template: TextTemplate,
  scope: TemplateScope,
  encode: (text: string) => string = same,
): string {
  if ("fixed" in template) return template.fixed;
  let text = "";
  for (const part of template.parts) {
    text += typeof part === "string" ? part : encode(textOf(refValue(part, scope)));
  }
  return text;
}

const same = (text: string): string => text;

/**
 * A JSON value with holes in its strings, compiled to the text around the holes: a string that is
 * one hole and nothing else keeps the type of what fills it, the others take its text.
 */
export type JsonTemplate = readonly JsonPart[];
type JsonPart = string | { readonly ref: TemplateRef; readonly whole: boolean };

/** Compiles a JSON value. Throws TypeError as `compileText` does. */
export function compileJson(value: unknown): JsonTemplate {
  const parts: JsonPart[] = [];
  writeJson(value, parts);
  const joined: JsonPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === "string" && typeof last === "string")
      joined[joined.length - 1] = last + part;
    else joined.push(part);
  }
  return joined;
}

function writeJson(value: unknown, parts: JsonPart[]): void {
  if (typeof value === "string") {
    writeString(value, parts);
  } else if (Array.isArray(value)) {
    parts.push("[");
    value.forEach((item: unknown, i) => {
      if (i > 0) parts.push(",");
      writeJson(item, parts);
    });
    parts.push("]");
  } else if (typeof value === "object" && value !== null) {
    parts.push("{");
    // A member that is undefined is none, as in JSON.stringify.
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    members.forEach(([key, member], i) => {
      parts.push(`${i > 0 ? "," : ""}${JSON.stringify(key)}:`);
      writeJson(member, parts);
    });
    parts.push("}");
  } else {
    parts.push(JSON.stringify(value ?? null));
  }
}

function writeString(text: string, parts: JsonPart[]): void {
  const template = compileText(text);
  if ("fixed" in template) {
    parts.push(JSON.stringify(template.fixed));
    return;
  }
  const [only, more] = template.parts;
  if (more === undefined && typeof only === "object") {
    parts.push({ ref: only, whole: true });
    return;
  }
  parts.push('"');
  for (const part of template.parts) {
    parts.push(
      typeof part === "string" ? JSON.stringify(part).slice(1, -1) : { ref: part, whole: false },
    );
  }
  parts.push('"');
}

/** The JSON text of this moment. */
export function fillJson(template: JsonTemplate, scope: TemplateScope): string {
  let text = "";
  for (const part of template) {
    if (typeof part === "string") text += part;
    else {
      const value = refValue(part.ref, scope);
      text += part.whole
        ? JSON.stringify(value ?? null)
        : JSON.stringify(textOf(value)).slice(1, -1);
    }
  }
  return text;
}

/** The holes in the texts of a JSON value. */
export function refsIn(value: unknown): readonly TemplateRef[] {
  return compileJson(value).flatMap((part) => (typeof part === "string" ? [] : [part.ref]));
}

/** No value of any moment: fills templates that have no holes. */
export const noScope: TemplateScope = {
  feed: null,
  env: {},
  setup: null,
  vu: 0,
  iteration: 0,
  session: 0,
  secrets: {},
};

/** Keys of a JSON value that look filled and are not, with their paths. */
export function* keysWithPlaces(
  value: unknown,
  path: readonly PropertyKey[] = [],
): Generator<readonly PropertyKey[]> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key.includes("${") || foreignPlace.test(key)) yield [...path, key];
    yield* keysWithPlaces(member, [...path, key]);
  }
}

/** Every text in a JSON value, with its path. */
export function* textsIn(
  value: unknown,
  path: readonly PropertyKey[] = [],
): Generator<{ readonly text: string; readonly path: readonly PropertyKey[] }> {
  if (typeof value === "string") yield { text: value, path };
  else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* textsIn(item, [...path, i]);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) yield* textsIn(member, [...path, key]);
  }
}
