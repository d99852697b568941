import type { UpstreamKey } from "../upstream/upstream.ts";

const mask = "***";
/** Shorter texts are no credential, and stand in many bodies by chance. */
const keyCharsMin = 8;

/**
 * An upstream's error body as a caller may read it: a credential that was sent to the upstream, and
 * that it repeats, is covered, in JSON with escaped slashes too. `key` is the one that was sent.
 */
export function withoutKey(body: Buffer, key: UpstreamKey | undefined): Buffer {
  const value = key?.headers[1] ?? "";
  const secret = value.slice(value.lastIndexOf(" ") + 1);
  if (secret.length < keyCharsMin) return body;
  const escaped = secret.replaceAll("/", "\\/");
  const has = (text: string): boolean => body.includes(text, 0, "latin1");
  if (!has(secret) && !has(escaped)) return body;
  const shown = body.toString("latin1").replaceAll(secret, mask).replaceAll(escaped, mask);
  return Buffer.from(shown, "latin1");
}
