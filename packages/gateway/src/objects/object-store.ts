/**
 * What the store itself said: it was reached and refused, or it was not reached; `busy`: it was not
 * asked, because too many calls of this process wait for it already.
 */
export type ObjectFaultKind = "unreachable" | "busy" | "refused" | "full" | "damaged";

/** An object store did not do what was asked. */
export class ObjectFault extends Error {
  readonly kind: ObjectFaultKind;
  /** The store may have done what was asked all the same. */
  readonly isDoubtful: boolean;

  constructor(
    kind: ObjectFaultKind,
    detail: string,
    o: { readonly cause?: unknown; readonly isDoubtful?: boolean } = {},
  ) {
    super(detail, o.cause === undefined ? undefined : { cause: o.cause });
    this.isDoubtful = o.isDoubtful ?? kind === "unreachable";
    this.name = "ObjectFault";
    this.kind = kind;
  }
}

/**
 * Bytes by key. Keys are segments of `[A-Za-z0-9_-]` joined by `/`. Every call rejects with an
 * `ObjectFault`, at the latest when its signal is aborted.
 */
export interface ObjectStore {
  /** Resolves when the bytes outlive a crash of the store; replaces what was there. */
  put(key: string, bytes: Buffer, signal: AbortSignal): Promise<void>;
  /** The object, or its first `bytesMax` bytes; undefined when there is none. */
  get(key: string, signal: AbortSignal, bytesMax?: number): Promise<Buffer | undefined>;
  /** Nothing happens when there is none. */
  remove(key: string, signal: AbortSignal): Promise<void>;
  /** At most `max` keys (<= 1,000) under a prefix, in ascending order. */
  list(prefix: string, max: number, signal: AbortSignal): Promise<string[]>;
  /** Resolves when the store takes calls. */
  ping(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Most keys that one listing gives. */
export const listMax = 1000;
