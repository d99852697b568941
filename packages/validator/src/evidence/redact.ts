import { createHmac } from "node:crypto";

export interface Redactor {
  text(value: string): string;
  bytes(value: Buffer): Buffer;
  /** Copies JSON data with every string redacted, keys included. */
  data<T>(value: T): T;
}

const lastShown = 4;

/** `secret:` + 12 hex characters of a keyed hash + the last four characters. */
function mask(secret: string, key: Uint8Array): string {
  const hash = createHmac("sha256", key).update(secret).digest("hex").slice(0, 12);
  return `secret:${hash}...${secret.slice(-lastShown)}`;
}

/** Replaces secrets before a record or artifact exists; the hash key is the run's and not kept. */
export function createRedactor(secrets: readonly string[], key: Uint8Array): Redactor {
  const masks = secrets
    .filter((secret) => secret.length > lastShown)
    .sort((a, b) => b.length - a.length)
    .map((secret) => ({ secret, mask: mask(secret, key) }));
  const text = (value: string): string =>
    masks.reduce((done, row) => done.replaceAll(row.secret, row.mask), value);
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [text(k), walk(v)]));
  };
  return {
    text,
    bytes: (value) =>
      masks.some((row) => value.includes(row.secret))
        ? Buffer.from(text(value.toString("latin1")), "latin1")
        : value,
    data: <T>(value: T): T => walk(value) as unknown as T,
  };
}
