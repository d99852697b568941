import { createHmac } from "node:crypto";

export interface Redactor {
  text(value: string): string;
  /** The beginning of a text, well-formed and cut behind the masking: of no secret a piece is left. */
  excerpt(value: string, charsMax: number): string;
  bytes(value: Buffer): Buffer;
  /** Copies JSON data with every string redacted, keys included. */
  data<T>(value: T): T;
}

const lastShown = 4;
/** Shorter pieces of base64 are found in text that has nothing to do with the secret. */
const piecesMin = 8;

/** `secret:` + 12 hex characters of a keyed hash + the last four characters. */
function mask(secret: string, key: Uint8Array): string {
  const hash = createHmac("sha256", key).update(secret).digest("hex").slice(0, 12);
  return `secret:${hash}...${secret.slice(-lastShown).toWellFormed()}`;
}

/** What base64 makes of the secret behind `before` other bytes, without what its neighbours tint. */
function base64Piece(secret: string, before: number): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
  const whole = Math.floor((bytes.length * 8) / 6);
  return bytes.toString("base64").slice(Math.ceil((before * 8) / 6), whole);
}

const toAscii = (text: string): string =>
  text.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The secret as it is, in JSON (plain and ASCII, `/` escaped or not), in a URL and a form, in base64. */
export function formsOf(given: string): Set<string> {
  const secret = given.toWellFormed();
  const json = JSON.stringify(secret).slice(1, -1);
  const url = encodeURIComponent(secret);
  const lower = url.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
  const form = new URLSearchParams({ v: secret }).toString().slice(2);
  const pieces = [0, 1, 2]
    .map((before) => base64Piece(secret, before))
    .filter((piece) => piece.length >= piecesMin);
  const forUrls = pieces.map((piece) => piece.replaceAll("+", "-").replaceAll("/", "_"));
  const slashed = [json, toAscii(json)].map((text) => text.replaceAll("/", "\\/"));
  return new Set([
    given,
    secret,
    json,
    toAscii(json),
    ...slashed,
    url,
    lower,
    form,
    ...pieces,
    ...forUrls,
  ]);
}

const latin = (text: string): string => Buffer.from(text).toString("latin1");

/** Replaces secrets before a record or artifact exists; the hash key is the run's and not kept. */
export function createRedactor(secrets: readonly string[], key: Uint8Array): Redactor {
  const rows = secrets
    .filter((secret) => secret.length > lastShown)
    .flatMap((secret) => {
      const shown = mask(secret, key);
      return [...formsOf(secret)].map((form) => ({ secret: form, mask: shown }));
    })
    .sort((a, b) => b.secret.length - a.secret.length);
  const byteRows = rows.map((row) => ({ secret: latin(row.secret), mask: latin(row.mask) }));
  const text = (value: string): string =>
    rows.reduce((done, row) => done.replaceAll(row.secret, () => row.mask), value);
  const longest = rows[0]?.secret.length ?? 0;
  /** The last place at or before `at` where a cut goes through no secret. */
  const placeToCut = (value: string, at: number): number => {
    let cut = Math.min(at, value.length);
    const startOfCut = ({ secret }: { readonly secret: string }): number => {
      const from = Math.max(0, cut - secret.length + 1);
      const found = value.slice(from, cut + secret.length - 1).indexOf(secret);
      return found < 0 ? cut : from + found;
    };
    for (let before = -1; cut !== before;) {
      before = cut;
      for (const row of rows) cut = startOfCut(row);
    }
    return cut;
  };
  const excerpt = (value: string, charsMax: number): string =>
    text(value.slice(0, placeToCut(value, charsMax + longest)))
      .slice(0, charsMax)
      .toWellFormed();
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [text(k), walk(v)]));
  };
  const bytes = (value: Buffer): Buffer => {
    const raw = value.toString("latin1");
    const found = byteRows.filter((row) => raw.includes(row.secret));
    if (found.length === 0) return value;
    const done = found.reduce((left, row) => left.replaceAll(row.secret, () => row.mask), raw);
    return Buffer.from(done, "latin1");
  };
  return { text, excerpt, bytes, data: <T>(value: T): T => walk(value) as unknown as T };
}
