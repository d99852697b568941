const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Whole events of a byte stream: `bytes` holds them one after the other, ends in `ends`. */
export interface Events {
  readonly bytes: Buffer;
  /** Offset after the blank line of each event. */
  readonly ends: readonly number[];
}

/** Cuts server-sent events apart without changing a byte. */
export class EventSplitter {
  #rest: Buffer | undefined;
  /** Where the search for a blank line goes on in `#rest`. */
  #searched = 0;

  /** The events completed by `chunk`; what follows the last of them is kept. */
  push(chunk: Buffer): Events {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    const ends: number[] = [];
    let from = this.#rest ? this.#searched : 0;
    for (;;) {
      const at = bytes.indexOf(lineFeed, from);
      if (at < 0) break;
      from = at + 1;
      const end = blankLineEnd(bytes, from);
      if (end > 0) {
        ends.push(end);
        from = end;
      }
    }
    const last = ends.at(-1) ?? 0;
    this.#rest = last < bytes.length ? bytes.subarray(last) : undefined;
    // The last two bytes are looked at again: a blank line may be cut across chunks.
    this.#searched = Math.max(0, bytes.length - last - 2);
    return { bytes, ends };
  }

  /** Bytes of an event that is not complete yet. */
  get heldBytes(): number {
    return this.#rest?.length ?? 0;
  }
}

/** Offset after the line end at `at`, which follows a line feed; -1 when the line is not blank. */
function blankLineEnd(bytes: Buffer, at: number): number {
  if (bytes[at] === lineFeed) return at + 1;
  return bytes[at] === carriageReturn && bytes[at + 1] === lineFeed ? at + 2 : -1;
}
