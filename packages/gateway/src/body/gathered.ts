const noBytes = Buffer.alloc(0);
/** A shorter piece is copied: the object that stands for it takes more than its bytes. */
const shortBytes = 4096;
const blockBytesMax = 65_536;

/**
 * Bytes that come in pieces. What it keeps grows with the bytes and not with the number of pieces,
 * which whoever sends them chooses: at most twice the bytes, and a block of 64 KiB.
 */
export class Gathered {
  #pieces: Buffer[] = [];
  /** Where short pieces are copied together. */
  #block: Buffer = noBytes;
  #used = 0;
  #length = 0;

  /** Bytes that came. */
  get length(): number {
    return this.#length;
  }

  /** Takes the next piece, which stays as it is while this keeps it. */
  add(piece: Buffer): void {
    const isKept = this.#length === 0 || piece.length >= shortBytes;
    this.#length += piece.length;
    if (isKept) {
      this.#seal();
      this.#pieces.push(piece);
      return;
    }
    if (this.#used + piece.length > this.#block.length) {
      this.#seal();
      const bytes = Math.min(blockBytesMax, Math.max(shortBytes, this.#length));
      this.#block = Buffer.allocUnsafe(bytes);
    }
    piece.copy(this.#block, this.#used);
    this.#used += piece.length;
  }

  /** All that came, in one piece. */
  bytes(): Buffer {
    this.#seal();
    const [first = noBytes] = this.#pieces;
    return this.#pieces.length < 2 ? first : Buffer.concat(this.#pieces, this.#length);
  }

  /** All that came, in some pieces; nothing of it is kept any more. */
  release(): readonly Buffer[] {
    this.#seal();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#block = noBytes;
    this.#length = 0;
    return pieces;
  }

  #seal(): void {
    if (this.#used === 0) return;
    this.#pieces.push(this.#block.subarray(0, this.#used));
    this.#block = this.#block.subarray(this.#used);
    this.#used = 0;
  }
}
