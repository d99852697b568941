/** Synchronous SHA-256 as lower-case hex; passed in, so this package runs in a browser too. */
export type Digest = (bytes: Uint8Array) => string;
/** The same where only an asynchronous one exists (Web Crypto); reads its bytes before it returns. */
export type AsyncDigest = (bytes: Uint8Array) => string | Promise<string>;

/** First line of every hashed evidence record; the audit log uses its own. */
export const evidenceDomain = "loadline-evidence-1\n";

/** Record at most, in bytes of its canonical line; larger data is an artifact. */
export const recordBytesMax = 64 * 1024;
export const artifactBytesMax = 64 * 1024 * 1024;
/** All files of a bundle at most. */
export const bundleBytesMax = 1024 * 1024 * 1024;
export const recordsMax = 1_000_000;

export function toBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
