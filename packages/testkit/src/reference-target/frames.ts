/** A reading of RFC 6455 of its own, so that the client's codec is not its own referee. */
export interface ClientFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

const payloadBytesMax = 16 * 1024 * 1024;

/** Reads masked frames of a client; messages in several frames are put together. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);
  #opcode = 0;
  #parts: Buffer[] = [];

  push(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
  }

  /** The next whole message or control frame, null while bytes are missing. */
  next(): ClientFrame | null | "bad" {
    for (;;) {
      const frame = readFrame(this.#held);
      if (frame === null || frame === "bad") return frame;
      this.#held = this.#held.subarray(frame.bytes);
      if (frame.opcode >= 8) return frame;
      if ((frame.opcode === 0) === (this.#parts.length === 0)) return "bad";
      if (frame.opcode !== 0) this.#opcode = frame.opcode;
      this.#parts.push(frame.payload);
      if (!frame.isLast) continue;
      const payload = Buffer.concat(this.#parts);
      this.#parts = [];
      return { opcode: this.#opcode, payload };
    }
  }
}

interface Frame extends ClientFrame {
  readonly isLast: boolean;
  readonly bytes: number;
}

function readFrame(held: Buffer): Frame | null | "bad" {
  if (held.length < 2) return null;
  const [first = 0, second = 0] = held;
  if (!isAllowed(first, second)) return "bad";
  const short = second & 0x7f;
  const maskAt = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
  if (held.length < maskAt + 4) return null;
  const length = lengthOf(held, short);
  if (length > payloadBytesMax) return "bad";
  const bytes = maskAt + 4 + length;
  if (held.length < bytes) return null;
  const payload = Buffer.from(held.subarray(maskAt + 4, bytes));
  for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (held[maskAt + (i & 3)] ?? 0);
  return { opcode: first & 0x0f, payload, isLast: (first & 0x80) !== 0, bytes };
}

/** Reserved bits, unmasked frames and long or split control frames are refused. */
function isAllowed(first: number, second: number): boolean {
  if ((first & 0x70) !== 0 || (second & 0x80) === 0) return false;
  const isControl = (first & 0x0f) >= 8;
  return !isControl || ((second & 0x7f) <= 125 && (first & 0x80) !== 0);
}

function lengthOf(held: Buffer, short: number): number {
  if (short === 126) return held.readUInt16BE(2);
  return short === 127 ? Number(held.readBigUInt64BE(2)) : short;
}

/** One unmasked frame, as servers send them. */
export function writeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (head.length === 2) head[1] = length;
  else if (head.length === 4) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}
