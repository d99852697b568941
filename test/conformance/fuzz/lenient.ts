const space = /\s/;
const controls: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const word = /[^\s{}[\]:,"'/]/;

/**
 * Where a reader that forgives comments, single quotes, bare words and stray commas sees the value
 * of each top-level member; a later one of the same name wins. Undefined when even it sees no object.
 */
export function lenientMembers(text: string): ReadonlyMap<string, number> | undefined {
  const members = new Map<string, number>();
  let at = skip(text, 0);
  if (text[at] !== "{") return undefined;
  at = skip(text, at + 1);
  while (at < text.length && text[at] !== "}") {
    if (text[at] === ",") {
      at = skip(text, at + 1);
      continue;
    }
    const nameEnd = atomEnd(text, at);
    if (nameEnd === at) return undefined;
    const name = nameOf(text.slice(at, nameEnd));
    at = skip(text, nameEnd);
    if (text[at] !== ":") return undefined;
    at = skip(text, at + 1);
    members.set(name, at);
    const end = valueEnd(text, at);
    if (end === at) return undefined;
    at = skip(text, end);
  }
  return text[at] === "}" ? members : undefined;
}

/** After white space and comments of both kinds. */
function skip(text: string, from: number): number {
  let at = from;
  for (;;) {
    while (at < text.length && space.test(text[at] ?? "")) at++;
    if (text.startsWith("//", at)) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end + 1;
    } else if (text.startsWith("/*", at)) {
      const end = text.indexOf("*/", at);
      at = end < 0 ? text.length : end + 2;
    } else return at;
  }
}

/** After a string in either quote, or a bare word. */
function atomEnd(text: string, from: number): number {
  const quote = text[from];
  let at = from;
  if (quote !== '"' && quote !== "'") {
    while (at < text.length && word.test(text[at] ?? "")) at++;
    return at;
  }
  for (at++; at < text.length && text[at] !== quote; at++) if (text[at] === "\\") at++;
  return at + 1;
}

function valueEnd(text: string, from: number): number {
  const first = text[from];
  if (first !== "{" && first !== "[") return atomEnd(text, from);
  let depth = 0;
  for (let at = from; at < text.length;) {
    at = skip(text, at);
    const byte = text[at] ?? "";
    if (byte === "{" || byte === "[") depth++;
    if (byte === "}" || byte === "]") depth--;
    if (depth === 0) return at + 1;
    at = Math.max(at + 1, atomEnd(text, at));
  }
  return text.length;
}

function nameOf(atom: string): string {
  const bare = /^["']/.test(atom) ? atom.slice(1, -1) : atom;
  return bare.replaceAll(/\\(u[0-9a-fA-F]{4}|.)/gs, (_, escape: string) =>
    escape.length === 5
      ? String.fromCharCode(Number.parseInt(escape.slice(1), 16))
      : (controls[escape] ?? escape),
  );
}
