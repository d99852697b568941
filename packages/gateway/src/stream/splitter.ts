const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const noBytes = Buffer.alloc(0);
/** U+FEFF, with which a stream may begin: it belongs to no field. */
const mark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Whole events of a byte stream: `bytes` holds them one after the other, ends in `ends`. */
export interface Events {
  readonly bytes: Buffer;
  /** Offset after the blank line of each event. */
  readonly ends: readonly number[];
}

/** Cuts server-sent events apart without changing a byte; a mark before the first is left out. */
export class EventSplitter {
  /** Holds what is left, from `#from` to `#to`. Only behind that is written: events were given out. */
  #store: Buffer = noBytes;
  #from = 0;
  #to = 0;
  /** Where the search for a blank line goes on in what is left. */
  #searched = 0;
  /** No event was complete before. */
  #isFirst = true;

  /** The events completed by `chunk`; what follows the last of them is kept. */
  push(chunk: Buffer): Events {
    const isRest = this.#to > this.#from;
    const bytes = isRest ? this.#append(chunk) : chunk;
    const ends: number[] = [];
    let from = isRest ? this.#searched : 0;
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
    if (isRest) this.#from += last;
    else this.#keep(chunk, last);
    // The last two bytes are looked at again: a blank line may be cut across chunks.
    this.#searched = Math.max(0, bytes.length - last - 2);
    if (!this.#isFirst || last === 0) return { bytes, ends };
    this.#isFirst = false;
    return bytes[0] === mark[0] && mark.equals(bytes.subarray(0, mark.length))
      ? { bytes: bytes.subarray(mark.length), ends: ends.map((end) => end - mark.length) }
      : { bytes, ends };
  }

  /** Bytes of an event that is not complete yet. */
  get heldBytes(): number {
    return this.#to - this.#from;
  }

  /** What is left of a chunk stays where it is until more of its event comes. */
  #keep(chunk: Buffer, last: number): void {
    const isRest = last < chunk.length;
    this.#store = isRest ? chunk : noBytes;
    this.#from = isRest ? last : 0;
    this.#to = isRest ? chunk.length : 0;
  }

  /** What is left with `chunk` behind it; a store that is full gives way to one of twice the size. */
  #append(chunk: Buffer): Buffer {
    const needed = this.heldBytes + chunk.length;
    if (this.#to + chunk.length > this.#store.length) {
      const grown = Buffer.allocUnsafe(needed * 2);
      this.#store.copy(grown, 0, this.#from, this.#to);
      this.#to = this.heldBytes;
      this.#from = 0;
      this.#store = grown;
    }
    chunk.copy(this.#store, this.#to);
    this.#to += chunk.length;
    return this.#store.subarray(this.#from, this.#to);
  }
}

/** Offset after the line end at `at`, which follows a line feed; -1 when the line is not blank. */
function blankLineEnd(bytes: Buffer, at: number): number {
  if (bytes[at] === lineFeed) return at + 1;
  return bytes[at] === carriageReturn && bytes[at + 1] === lineFeed ? at + 2 : -1;
}
