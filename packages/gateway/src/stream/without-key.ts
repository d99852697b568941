import type { UpstreamKey } from "../upstream/upstream.ts";

const mask = "***";
/** Shorter texts are no credential, and stand in many bodies by chance. */
const keyCharsMin = 8;

/**
 * An upstream's error body as a caller may read it: a credential that was sent to the upstream, and
 * that it repeats, is covered. `key` is the one that was sent.
 */
export function withoutKey(body: Buffer, key: UpstreamKey | undefined): Buffer {
  const value = key?.headers[1] ?? "";
  const secret = value.slice(value.lastIndexOf(" ") + 1);
  if (secret.length < keyCharsMin || !body.includes(secret, 0, "latin1")) return body;
  return Buffer.from(body.toString("latin1").replaceAll(secret, mask), "latin1");
}
