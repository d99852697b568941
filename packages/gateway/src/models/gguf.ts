import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Why a file is no whole GGUF file, or its size in bytes. */
export type GgufCheck =
  | { readonly ok: true; readonly bytes: number; readonly tensors: number }
  | { readonly ok: false; readonly reason: string };

const magic = 0x46554747;
const headerBytesMax = 64 * 1024 * 1024;
const itemsMax = 1_000_000;
const alignmentDefault = 32;

/** Bytes of scalar metadata values by GGUF type number; 8 is a string, 9 an array. */
const scalarBytes: Readonly<Record<number, number>> = {
  0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8,
}; // prettier-ignore

/** Elements and bytes of a block by tensor type number, from the GGUF specification. */
const blockOf: Readonly<Record<number, readonly [elements: number, bytes: number]>> = {
  0: [1, 4], 1: [1, 2], 2: [32, 18], 3: [32, 20], 6: [32, 22], 7: [32, 24], 8: [32, 34],
  9: [32, 36], 10: [256, 84], 11: [256, 110], 12: [256, 144], 13: [256, 176], 14: [256, 210],
  15: [256, 292], 24: [1, 1], 25: [1, 2], 26: [1, 4], 27: [1, 8], 28: [1, 8], 30: [1, 2],
}; // prettier-ignore

/**
 * Reads the header, the metadata and the tensor table of a GGUF file and compares the tensors' extent
 * with the file's size, so that a cut or foreign file is named before native code maps it.
 */
export function checkGguf(path: string): GgufCheck {
  const file = openSync(path, "r");
  try {
    const bytes = fstatSync(file).size;
    const reader = new HeaderReader(file, Math.min(bytes, headerBytesMax));
    const { tensors, end } = readLayout(reader);
    if (end > bytes) {
      return { ok: false, reason: `the tensors need ${end} bytes, the file has ${bytes}` };
    }
    return { ok: true, bytes, tensors };
  } catch (error) {
    if (error instanceof BadHeader) return { ok: false, reason: error.message };
    throw error;
  } finally {
    closeSync(file);
  }
}

class BadHeader extends Error {}

class HeaderReader {
  readonly #file: number;
  readonly #limit: number;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;
  #at = 0;

  constructor(file: number, limit: number) {
    this.#file = file;
    this.#limit = limit;
  }

  get at(): number {
    return this.#at;
  }

  u32(): number {
    return this.#take(4).readUInt32LE(0);
  }

  /** A count or an offset; anything a file cannot hold is refused. */
  u64(): number {
    const value = this.#take(8).readBigUInt64LE(0);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new BadHeader("a number is out of range");
    return Number(value);
  }

  count(what: string): number {
    const value = this.u64();
    if (value > itemsMax) throw new BadHeader(`${value} ${what} are more than a model has`);
    return value;
  }

  text(): string {
    return this.#take(this.count("bytes of text")).toString("utf8");
  }

  skip(bytes: number): void {
    this.#at += bytes;
    if (this.#at > this.#limit) throw new BadHeader("the file ends inside its header");
  }

  #take(bytes: number): Buffer {
    if (this.#at + bytes > this.#limit) throw new BadHeader("the file ends inside its header");
    const from = this.#at - this.#windowAt;
    if (from < 0 || from + bytes > this.#window.length) this.#fill(bytes);
    const start = this.#at - this.#windowAt;
    this.#at += bytes;
    return this.#window.subarray(start, start + bytes);
  }

  #fill(bytes: number): void {
    const wanted = Buffer.alloc(Math.max(bytes, Math.min(65_536, this.#limit - this.#at)));
    const got = readSync(this.#file, wanted, 0, wanted.length, this.#at);
    if (got < bytes) throw new BadHeader("the file ends inside its header");
    this.#window = wanted.subarray(0, got);
    this.#windowAt = this.#at;
  }
}

function readLayout(reader: HeaderReader): { tensors: number; end: number } {
  if (reader.u32() !== magic) throw new BadHeader("the file does not begin with GGUF");
  const version = reader.u32();
  if (version !== 2 && version !== 3) throw new BadHeader(`GGUF version ${version} is unknown`);
  const tensors = reader.count("tensors");
  const pairs = reader.count("metadata keys");
  if (tensors === 0) throw new BadHeader("the file has no tensors");
  let alignment = alignmentDefault;
  for (let i = 0; i < pairs; i++) {
    const key = reader.text();
    const type = reader.u32();
    if (key === "general.alignment" && type === 4) alignment = reader.u32();
    else skipValue(reader, type);
  }
  if (alignment < 1) throw new BadHeader("the alignment is 0");
  let extent = 0;
  for (let i = 0; i < tensors; i++) extent = Math.max(extent, readTensorEnd(reader));
  return { tensors, end: Math.ceil(reader.at / alignment) * alignment + extent };
}

function skipValue(reader: HeaderReader, type: number): void {
  if (type === 8) {
    reader.skip(reader.u64());
    return;
  }
  if (type !== 9) {
    const bytes = scalarBytes[type];
    if (bytes === undefined) throw new BadHeader(`metadata type ${type} is unknown`);
    reader.skip(bytes);
    return;
  }
  const itemType = reader.u32();
  const items = reader.count("array items");
  const bytes = scalarBytes[itemType];
  if (bytes !== undefined) reader.skip(items * bytes);
  else if (itemType === 8) for (let i = 0; i < items; i++) reader.skip(reader.u64());
  else throw new BadHeader(`metadata type ${itemType} is unknown`);
}

/** End of one tensor's data, counted from the start of the data; its start where the type is new. */
function readTensorEnd(reader: HeaderReader): number {
  reader.text();
  const dimensions = reader.u32();
  if (dimensions > 8) throw new BadHeader(`a tensor has ${dimensions} dimensions`);
  let elements = 1;
  for (let i = 0; i < dimensions; i++) elements *= reader.u64();
  const block = blockOf[reader.u32()];
  const offset = reader.u64();
  return block === undefined ? offset : offset + Math.ceil(elements / block[0]) * block[1];
}
