import {
  type BrotliDecompress,
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  type Gunzip,
  type Inflate,
} from "node:zlib";

/** What an upstream is told it may answer in. */
export const acceptedCodings = "gzip, deflate, br";

export interface DecoderEvents {
  data(chunk: Buffer): void;
  end(): void;
  /** The bytes are not what their coding says. */
  fail(detail: string): void;
  /** More came than was read: nothing more may come until `drained`. */
  full(): void;
  drained(): void;
}

/** Undoes the content coding of one answer while it comes, chunk for chunk. */
export class Decoder {
  readonly #stream: BrotliDecompress | Gunzip | Inflate;
  #isOver = false;

  private constructor(stream: BrotliDecompress | Gunzip | Inflate, on: DecoderEvents) {
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => {
      if (!this.#isOver) on.data(chunk);
    });
    stream.on("end", () => this.#finish(() => on.end()));
    stream.on("error", (cause) => this.#finish(() => on.fail(cause.message)));
    stream.on("drain", () => on.drained());
    this.#full = () => on.full();
  }

  readonly #full: () => void;

  /** For the value of Content-Encoding; undefined: a coding that nobody asked for. */
  static of(coding: string, on: DecoderEvents): Decoder | undefined {
    const stream = streamFor(coding.trim().toLowerCase());
    return stream && new Decoder(stream, on);
  }

  push(chunk: Buffer): void {
    if (!this.#isOver && !this.#stream.write(chunk)) this.#full();
  }

  /** The coded bytes are complete. */
  end(): void {
    this.#stream.end();
  }

  /** The coded bytes broke off: `run` comes after all that could be read of them. */
  cut(run: () => void): void {
    this.#stream.flush(() => this.#finish(run));
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Nothing is heard any more. */
  destroy(): void {
    this.#finish(() => undefined);
  }

  #finish(run: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stream.destroy();
    run();
  }
}

function streamFor(coding: string): BrotliDecompress | Gunzip | Inflate | undefined {
  const flush = constants.Z_SYNC_FLUSH;
  if (coding === "gzip" || coding === "x-gzip") return createGunzip({ flush });
  if (coding === "deflate") return createInflate({ flush });
  if (coding === "br") return createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH });
  return undefined;
}
