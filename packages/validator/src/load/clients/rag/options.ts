import { type JsonRecord, isRecord } from "@loadline/kit/json";

/** One route of a document store; `${id}`, `${text}`, `${query}` and `${k}` are filled in. */
export interface RagRoute {
  readonly method: string;
  /** Below the base URL. */
  readonly path: string;
  /** A place that is a whole value keeps its type: `"${k}"` becomes a number. */
  readonly body?: JsonRecord;
}

export interface RagTenant {
  readonly name: string;
  /** What makes a request this tenant's. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface RagOptions {
  readonly ingest: RagRoute;
  readonly query: RagRoute;
  /** Null: the store has none; what was planted stays. */
  readonly remove: RagRoute | null;
  /** At least one; leaks between tenants are looked for from two on. */
  readonly tenants: readonly RagTenant[];
  /** Dotted path to the document's id in the answer to an ingest; absent: our own is used. */
  readonly idPath?: string;
  /** Dotted paths to the list of results, and in each to its text. */
  readonly resultsPath: string;
  readonly textPath: string;
  /** A canary counts as found among this many results, default 5. */
  readonly topK?: number;
  /** Between two looks for a new document, default 250 ms: the resolution of `rag_visible`. */
  readonly pollMs?: number;
  /** Looked for no longer than this, default 10,000 ms. */
  readonly visibleWithinMs?: number;
  /** Documents kept per tenant, default 256; older ones are removed as new ones come. */
  readonly keepMax?: number;
  /** Every n-th query asks for another tenant's canary, default 5. */
  readonly foreignEvery?: number;
  /** Steps of looking and of removing, default none: in the account, in no claim. */
  readonly pollStep?: number;
  readonly removeStep?: number;
}

export type Places = Readonly<Record<string, string | number>>;

const place = /\$\{(\w+)\}/g;

/** A text with its places filled; what has no value stays. */
export function fillText(text: string, places: Places): string {
  return text.replace(place, (all, name: string) => String(places[name] ?? all));
}

/** A body with its places filled. */
export function fillBody(body: JsonRecord, places: Places): string {
  return JSON.stringify(body, (_key, value: unknown) => {
    if (typeof value !== "string") return value;
    const whole = /^\$\{(\w+)\}$/.exec(value)?.[1];
    return whole === undefined ? fillText(value, places) : (places[whole] ?? value);
  });
}

/** The value at a dotted path, undefined when there is none. "" is the value itself. */
export function valueAt(value: unknown, path: string): unknown {
  if (path === "") return value;
  let at = value;
  for (const name of path.split(".")) {
    if (Array.isArray(at)) at = at[Number(name)];
    else if (isRecord(at)) at = at[name];
    else return undefined;
  }
  return at;
}
