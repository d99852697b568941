import { claimSorts, type ClaimSort } from "./claim-rows.ts";
import { filterKeys } from "./filter.ts";

/** The places of the report; each has one address. */
export const screens = [
  "verdict",
  "claims",
  "not-tested",
  "findings",
  "load",
  "chaos",
  "audit",
  "drills",
  "slo",
  "scorecard",
  "evidence",
  "run",
] as const;
export type Screen = (typeof screens)[number];

/** One place: a screen, perhaps one thing on it, and the filter typed there. */
export interface Place {
  readonly screen: Screen;
  /** Claim id, finding fingerprint or record seq. */
  readonly id: string | null;
  /** Part of a claim. */
  readonly part: string | null;
  readonly query: string;
  /** Order of a list of claims. */
  readonly sort: ClaimSort;
}

export const home: Place = {
  screen: "verdict",
  id: null,
  part: null,
  query: "",
  sort: "plan",
};

const isScreen = (text: string): text is Screen => (screens as readonly string[]).includes(text);

/** `decodeURIComponent` that keeps a malformed text as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** The address of a place, for `href` and the address bar; starts with `#/`. */
export function addressOf(place: Partial<Place> & { readonly screen: Screen }): string {
  const path = [place.screen === "verdict" ? "" : place.screen, place.id, place.part]
    .filter((step) => step !== null && step !== undefined)
    .map((step) => encodeURIComponent(step));
  const said = [
    ...(place.query ? [`q=${encodeURIComponent(place.query)}`] : []),
    ...(place.sort === undefined || place.sort === "plan" ? [] : [`sort=${place.sort}`]),
  ];
  return `#/${path.join("/")}${said.length === 0 ? "" : `?${said.join("&")}`}`;
}

/** The place of an address; an unknown screen gives `unknown` with its name. */
export function placeOf(hash: string): Place | { readonly unknown: string } {
  const [path = "", search = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const [name = "", id, part] = path.split("/").map(decoded);
  const screen = name === "" ? "verdict" : name;
  if (!isScreen(screen)) return { unknown: screen };
  const pairs = pairsOf(search);
  const wanted = pairs.find((pair) => pair.name === "sort")?.value;
  const sort = claimSorts.find((one) => one === wanted) ?? "plan";
  return { screen, id: id ? id : null, part: part ? part : null, query: queryOf(pairs), sort };
}

interface Pair {
  readonly name: string;
  readonly value: string;
}

const pairsOf = (search: string): readonly Pair[] =>
  search.split("&").map((pair) => {
    const at = pair.indexOf("=");
    return { name: pair.slice(0, Math.max(0, at)), value: decoded(pair.slice(at + 1)) };
  });

/** The filter of an address: `q` as it was typed, then each key it may be sent by, as `?stage=drill`. */
function queryOf(pairs: readonly Pair[]): string {
  const typed = pairs.find(({ name }) => name === "q")?.value ?? "";
  const keyed = pairs
    .filter(({ name, value }) => value !== "" && filterKeys.some((key) => key === name))
    .map(({ name, value }) => `${name}:${/\s/.test(value) ? `"${value}"` : value}`);
  return [typed, ...keyed].filter((one) => one !== "").join(" ");
}

/** The known id that differs least from the wanted one; null without ids. */
export function nearestId(wanted: string, ids: readonly string[]): string | null {
  const ranked = ids.map((id) => ({ id, far: editDistance(wanted.slice(0, 80), id.slice(0, 80)) }));
  return ranked.toSorted((a, b) => a.far - b.far)[0]?.id ?? null;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [line, char] of a.split("").entries()) {
    const next = [line + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (char === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
