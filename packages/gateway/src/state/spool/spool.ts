import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { frameOf, readFrames } from "./frames.ts";

const segmentBytes = 4 * 1024 * 1024;
const batchMax = 500;
export const spoolBytesMax = 256 * 1024 * 1024;

export interface SpoolOptions {
  /** Made when it is missing, mode 0700. */
  readonly dir: string;
  /** Segments are `<name>-<number>.ndjson`. */
  readonly name: string;
  /** Default 256 MiB. */
  readonly bytesMax?: number;
  /** Lines that could not be read back were left out. */
  readonly onDamaged: (lines: number) => void;
}

/** Records on the disk, in order, until someone takes them. */
export interface Spool {
  /** Resolves once the batch is synced; false when it found no room and nothing was kept. */
  append(records: readonly unknown[]): Promise<boolean>;
  /**
   * Hands over the records in order, at most 500 at once, and forgets each file that was taken
   * whole. Rejects with what `take` rejected with; then some may be handed over again.
   */
  drain(take: (records: readonly unknown[]) => Promise<void>): Promise<void>;
  /** Bytes on the disk; 0 is empty. */
  readonly bytes: number;
  close(): Promise<void>;
}

/** Opens the spool; what an earlier process left is drained first. */
export async function openSpool(o: SpoolOptions): Promise<Spool> {
  await mkdir(o.dir, { recursive: true, mode: 0o700 });
  const numbers = (await readdir(o.dir))
    .map((file) => numberOf(o.name, file))
    .filter((number) => number !== undefined)
    .toSorted((a, b) => a - b);
  const segments: Segment[] = [];
  for (const number of numbers) {
    const path = join(o.dir, segmentName(o.name, number));
    segments.push({ number, path, bytes: (await stat(path)).size });
  }
  return new SegmentedSpool(o, segments);
}

interface Segment {
  readonly number: number;
  readonly path: string;
  bytes: number;
}

class SegmentedSpool implements Spool {
  readonly #o: SpoolOptions;
  readonly #bytesMax: number;
  /** Oldest first; the last one is written to while `#file` is open. */
  readonly #segments: Segment[];
  #file: FileHandle | undefined;
  /** Appends and removals one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #isDraining = false;

  constructor(o: SpoolOptions, segments: Segment[]) {
    this.#o = o;
    this.#bytesMax = o.bytesMax ?? spoolBytesMax;
    this.#segments = segments;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  append(records: readonly unknown[]): Promise<boolean> {
    return this.#inTurn(() => this.#append(records));
  }

  async drain(take: (records: readonly unknown[]) => Promise<void>): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      for (;;) {
        const segment = await this.#inTurn(() => this.#oldest());
        if (!segment) return;
        await this.#handOver(segment, take);
        await this.#inTurn(() => this.#forget(segment));
      }
    } finally {
      this.#isDraining = false;
    }
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#closeFile());
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#last.then(run, run);
    // A failure belongs to its own caller; the next one starts anew.
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #append(records: readonly unknown[]): Promise<boolean> {
    const bytes = Buffer.from(records.map(frameOf).join(""));
    if (this.bytes + bytes.length > this.#bytesMax) return false;
    const current = this.#segments.at(-1);
    if (!this.#file || !current || current.bytes >= segmentBytes) await this.#openNext();
    const segment = this.#segments.at(-1);
    if (!this.#file || !segment) return false;
    try {
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
    } catch (cause) {
      // A batch cut off by a full disk ends this file; what follows goes into another.
      segment.bytes = (await stat(segment.path)).size;
      await this.#closeFile();
      throw cause;
    }
    segment.bytes += bytes.length;
    return true;
  }

  async #openNext(): Promise<void> {
    await this.#closeFile();
    const number = (this.#segments.at(-1)?.number ?? 0) + 1;
    const path = join(this.#o.dir, segmentName(this.#o.name, number));
    this.#file = await open(path, "ax", 0o600);
    this.#segments.push({ number, path, bytes: 0 });
  }

  /** The oldest file; nothing is written to it any more. */
  async #oldest(): Promise<Segment | undefined> {
    if (this.#segments.length <= 1) await this.#closeFile();
    return this.#segments[0];
  }

  async #handOver(
    segment: Segment,
    take: (records: readonly unknown[]) => Promise<void>,
  ): Promise<void> {
    const { records, damaged } = readFrames(await readFile(segment.path, "utf8"));
    if (damaged > 0) this.#o.onDamaged(damaged);
    for (let from = 0; from < records.length; from += batchMax)
      await take(records.slice(from, from + batchMax));
  }

  async #forget(segment: Segment): Promise<void> {
    await rm(segment.path, { force: true });
    const at = this.#segments.indexOf(segment);
    if (at >= 0) this.#segments.splice(at, 1);
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

const segmentName = (name: string, number: number): string =>
  `${name}-${String(number).padStart(8, "0")}.ndjson`;

function numberOf(name: string, file: string): number | undefined {
  if (!file.startsWith(`${name}-`) || !file.endsWith(".ndjson")) return undefined;
  const number = Number(file.slice(name.length + 1, -".ndjson".length));
  return Number.isInteger(number) && number > 0 ? number : undefined;
}
