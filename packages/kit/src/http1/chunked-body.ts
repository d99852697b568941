const cr = 13;
const lf = 10;
/** 16^12 bytes: no body that anyone accepts is larger. */
const digitsMax = 12;
const firstBytes = 4096;
const noBytes = Buffer.alloc(0);

/**
 * | state | byte | next |
 * |---|---|---|
 * | size | 1 to 12 hex digits | size |
 * | size | CR, after a digit | sizeEnd |
 * | sizeEnd | LF | data; last, when the size is 0 |
 * | data | as many as the size says | dataCr |
 * | dataCr, dataLf | CR, LF | size |
 * | last, lastLf | CR, LF | done |
 * | any | any other | bad |
 */
type State = "size" | "sizeEnd" | "data" | "dataCr" | "dataLf" | "last" | "lastLf" | "done" | "bad";

/**
 * Body of one chunked request in its plainest form: extensions and trailers are `bad`, because what
 * stands there is read in more than one way. Its memory grows with the data, not with the chunks.
 */
export class ChunkedBody {
  #state: State = "size";
  #digits = 0;
  #left = 0;
  #size = 0;
  #store = noBytes;

  get isDone(): boolean {
    return this.#state === "done";
  }

  get isBad(): boolean {
    return this.#state === "bad";
  }

  /** Bytes of data that came, also those beyond a bound that were not kept. */
  get size(): number {
    return this.#size;
  }

  /** The data so far; nothing of it is kept any more. */
  take(): Buffer {
    const data = this.#store.subarray(0, Math.min(this.#size, this.#store.length));
    this.#store = noBytes;
    return data;
  }

  /** Reads `bytes` from `at` on, keeps `bytesMax` of data; gives the index after what it used. */
  feed(bytes: Buffer, from: number, bytesMax: number): number {
    let at = from;
    while (at < bytes.length && !this.isDone && !this.isBad) {
      if (this.#state === "data") at = this.#data(bytes, at, bytesMax);
      else this.#byte(bytes[at++] ?? 0);
    }
    return at;
  }

  #data(bytes: Buffer, at: number, bytesMax: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    if (this.#size + end - at <= bytesMax) this.#keep(bytes, at, end);
    this.#size += end - at;
    if (this.#left === 0) this.#state = "dataCr";
    return end;
  }

  #keep(bytes: Buffer, at: number, end: number): void {
    const needed = this.#size + end - at;
    if (needed > this.#store.length) {
      const grown = Buffer.allocUnsafe(Math.max(firstBytes, needed, this.#store.length * 2));
      this.#store.copy(grown, 0, 0, this.#size);
      this.#store = grown;
    }
    bytes.copy(this.#store, this.#size, at, end);
  }

  #byte(byte: number): void {
    if (this.#state === "size") this.#sizeByte(byte);
    else if (byte !== (this.#state === "dataCr" || this.#state === "last" ? cr : lf))
      this.#state = "bad";
    else this.#state = this.#after();
  }

  #sizeByte(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0 && this.#digits < digitsMax) {
      this.#left = this.#left * 16 + digit;
      this.#digits++;
    } else this.#state = byte === cr && this.#digits > 0 ? "sizeEnd" : "bad";
  }

  /** The state after the right byte of a line end. */
  #after(): State {
    if (this.#state === "dataCr") return "dataLf";
    if (this.#state === "last") return "lastLf";
    if (this.#state === "lastLf") return "done";
    const isSizeEnd = this.#state === "sizeEnd";
    this.#digits = 0;
    if (!isSizeEnd) return "size";
    return this.#left === 0 ? "last" : "data";
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
