import { WireFault } from "./fault.ts";

const blockBytes = 512;
const nameBytesMax = 65_536;
const entriesMax = 500_000;

/** One file of an archive. */
export interface TarEntry {
  readonly name: string;
  readonly size: number;
  /** Where its bytes begin in the archive. */
  readonly offset: number;
  /** Its bytes, where it is no larger than asked for; else empty. */
  readonly bytes: Buffer;
  /** The name of the file that stands in its place; empty for a file of its own. */
  readonly link: string;
}

const textAt = (block: Buffer, from: number, size: number): string => {
  const field = block.subarray(from, from + size);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? size : end).toString("utf8");
};

/** A number as octal text, or as bytes where the first is 0x80. @throws WireFault */
function numberAt(block: Buffer, from: number, size: number): number {
  if ((block[from] ?? 0) === 0x80) {
    return Number(block.readBigUInt64BE(from + size - 8));
  }
  const text = textAt(block, from, size).trim();
  const value = text === "" ? 0 : Number.parseInt(text, 8);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new WireFault("protocol", `a size that is none: ${JSON.stringify(text.slice(0, 20))}`);
}

/** The path of a pax header; null where it gives none. */
const paxPath = (bytes: Buffer): string | null =>
  /(?:^|\n)\d+ path=([^\n]*)\n/.exec(bytes.toString("utf8"))?.[1] ?? null;

/** Chunks put together as they are asked for. */
class Feed {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  offset = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Up to `count` bytes; fewer at the end. */
  async read(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      if (this.#held.length === 0) {
        const next = await this.#source.next();
        if (next.done === true) break;
        this.#held = next.value;
      }
      const part = this.#held.subarray(0, missing);
      parts.push(part);
      missing -= part.length;
      this.#held = this.#held.subarray(part.length);
    }
    this.offset += count - missing;
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  async skip(count: number): Promise<void> {
    let missing = count;
    while (missing > 0) {
      const part = await this.read(Math.min(missing, 1_048_576));
      if (part.length === 0) throw new WireFault("protocol", "it is cut short");
      missing -= part.length;
    }
  }
}

const regular = /^[0\0]?$/;
/** Hard and symbolic links. */
const linked = /^[12]$/;

interface Head {
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly link: string;
}

/** What the block before an entry says. @throws WireFault */
function headOf(block: Buffer): Head {
  if (block.length < blockBytes || textAt(block, 257, 5) !== "ustar") {
    throw new WireFault("protocol", "it is no tar archive, or is cut short");
  }
  const prefix = textAt(block, 345, 155);
  const short = textAt(block, 0, 100);
  const type = String.fromCodePoint(block[156] ?? 0);
  return {
    name: prefix === "" ? short : `${prefix}/${short}`,
    size: linked.test(type) ? 0 : numberAt(block, 124, 12),
    type,
    link: linked.test(type) ? textAt(block, 157, 100) : "",
  };
}

/** The name an entry gives to the one behind it; null for every other entry. */
function nextName(type: string, bytes: Buffer): string | null {
  if (type === "L") return bytes.toString("utf8").replace(/\0+$/, "");
  return type === "x" ? paxPath(bytes) : null;
}

/**
 * Files and links of a tar archive as they come, bytes of files up to `keepBytesMax`. @throws WireFault for what
 * is no archive, one that is cut short, or one of more than 500,000 entries.
 */
export async function* tarEntries(
  source: AsyncIterable<Buffer>,
  keepBytesMax: number,
): AsyncGenerator<TarEntry> {
  const feed = new Feed(source);
  let given: string | null = null;
  for (let count = 0; count <= entriesMax; count++) {
    const block = await feed.read(blockBytes);
    // Two blocks of zeros end an archive: without them nobody knows what is missing.
    if (block.length === 0) throw new WireFault("protocol", "it is cut short: it has no end");
    if (block.every((byte) => byte === 0)) return;
    const { name, size, type, link } = headOf(block);
    const offset = feed.offset;
    const isFile = regular.test(type);
    const isKept = isFile ? size <= keepBytesMax : /[Lx]/.test(type) && size <= nameBytesMax;
    const bytes = isKept ? Buffer.from(await feed.read(size)) : Buffer.alloc(0);
    if (isKept && bytes.length < size) throw new WireFault("protocol", "it is cut short");
    if (!isKept) await feed.skip(size);
    await feed.skip((blockBytes - (size % blockBytes)) % blockBytes);
    if (isFile || link !== "") yield { name: given ?? name, size, offset, bytes, link };
    given = nextName(type, bytes);
  }
  throw new WireFault("protocol", `more than ${entriesMax} entries`);
}
