/** What a selector is matched against. */
export interface Matched {
  readonly localName: string;
  readonly parentNode: Matched | null;
  getAttribute(name: string): string | null;
}

const pieces = /([a-z0-9]+)|\.([\w-]+)|\[([\w-]+)(?:="([^"]*)")?\]/y;

function matchesOne(element: Matched, compound: string): boolean {
  pieces.lastIndex = 0;
  while (pieces.lastIndex < compound.length) {
    const found = pieces.exec(compound);
    if (found === null) throw new Error(`not a selector of these pages: ${compound}`);
    const [, tag, name, attribute, value] = found;
    if (tag !== undefined && element.localName !== tag) return false;
    const names = (element.getAttribute("class") ?? "").split(" ");
    if (name !== undefined && !names.includes(name)) return false;
    if (attribute === undefined) continue;
    const own = element.getAttribute(attribute);
    if (own === null || (value !== undefined && own !== value)) return false;
  }
  return true;
}

function matchesPath(element: Matched, path: readonly string[]): boolean {
  const own = path.at(-1);
  if (own === undefined || !matchesOne(element, own)) return false;
  const above = path.slice(0, -1);
  if (above.length === 0) return true;
  for (let at = element.parentNode; at !== null; at = at.parentNode) {
    if (matchesPath(at, above)) return true;
  }
  return false;
}

/** Names, classes and attributes, one inside the other, in a list: what the report's code asks for. */
export const matchesSelector = (element: Matched, selector: string): boolean =>
  selector.split(/,\s*/).some((path) => matchesPath(element, path.trim().split(/\s+/)));
