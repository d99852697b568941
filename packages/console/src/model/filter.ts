/** Keys a filter may name, e.g. `verdict:failed`; everything else is a word of the text. */
export const filterKeys = [
  "verdict",
  "stage",
  "category",
  "part",
  "required",
  "reason",
  "severity",
  "kind",
] as const;
export type FilterKey = (typeof filterKeys)[number];

/** What of a row a filter looks at. */
export interface Searchable {
  readonly text: string;
  readonly fields: Partial<Readonly<Record<FilterKey, readonly string[]>>>;
}

interface Term {
  readonly key: FilterKey | null;
  readonly value: string;
  readonly excludes: boolean;
}

const termPattern = /(-?)(?:([a-z]+):)?(?:"([^"]*)"|(\S+))/g;
const isKey = (text: string): text is FilterKey => (filterKeys as readonly string[]).includes(text);

function termsOf(query: string): readonly Term[] {
  // A key whose value is still to be typed filters nothing yet.
  const typed = query.toLowerCase().replace(/(^|\s)-?[a-z]+:(?=\s|$)/g, "$1");
  return [...typed.matchAll(termPattern)].map((match): Term => {
    const [, minus = "", key = "", quotedValue, bare = ""] = match;
    const value = quotedValue ?? bare;
    if (isKey(key)) return { key, value, excludes: minus !== "" };
    return { key: null, value: key === "" ? value : `${key}:${value}`, excludes: minus !== "" };
  });
}

const holds = (term: Term, row: Searchable): boolean =>
  term.key === null
    ? row.text.toLowerCase().includes(term.value)
    : (row.fields[term.key] ?? []).some((field) => field.toLowerCase().includes(term.value));

/** A predicate for a query: all terms must hold, `-` excludes, an empty query takes everything. */
export function filterOf(query: string): (row: Searchable) => boolean {
  const terms = termsOf(query);
  return (row) => terms.every((term) => holds(term, row) !== term.excludes);
}
