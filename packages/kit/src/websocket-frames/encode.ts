import { closeCodes, controlBytesMax, isCloseCode, opcodes } from "./codes.ts";

export type Opcode = keyof typeof opcodes;

export interface FrameOptions {
  /** False for all but the last frame of a message; default true. */
  readonly fin?: boolean;
}

/**
 * One frame. `mask` is the masking key of a client, unsigned 32 bits; servers pass null. Throws
 * RangeError for a control frame over 125 bytes or in fragments.
 */
export function encodeFrame(
  opcode: Opcode,
  payload: Uint8Array,
  mask: number | null,
  o?: FrameOptions,
): Buffer {
  const code = opcodes[opcode];
  const fin = o?.fin ?? true;
  const { length } = payload;
  if (code >= 8 && (length > controlBytesMax || !fin)) {
    throw new RangeError(`a ${opcode} frame is whole and of at most ${controlBytesMax} bytes`);
  }
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = 2 + extended + (mask === null ? 0 : 4);
  const bytes = Buffer.allocUnsafe(head + length);
  bytes[0] = (fin ? 0x80 : 0) | code;
  const flag = mask === null ? 0 : 0x80;
  if (extended === 0) bytes[1] = flag | length;
  else if (extended === 2) {
    bytes[1] = flag | 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = flag | 127;
    bytes.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    bytes.writeUInt32BE(length % 2 ** 32, 6);
  }
  bytes.set(payload, head);
  if (mask !== null) {
    bytes.writeUInt32BE(mask, head - 4);
    applyMask(bytes, head, mask, 0);
  }
  return bytes;
}

/** A close frame; code 1005 stands for none. Throws RangeError for a code no frame may carry. */
export function encodeClose(code: number, reason: string, mask: number | null): Buffer {
  if (code === closeCodes.none) return encodeFrame("close", new Uint8Array(0), mask);
  if (!isCloseCode(code)) throw new RangeError(`${code} is no close code for a frame`);
  const text = Buffer.from(reason);
  const payload = Buffer.allocUnsafe(2 + text.length);
  payload.writeUInt16BE(code, 0);
  text.copy(payload, 2);
  return encodeFrame("close", payload, mask);
}

/** XORs everything from `from` with the key, `phase` bytes into it. */
export function applyMask(bytes: Uint8Array, from: number, mask: number, phase: number): void {
  for (let i = from, k = phase; i < bytes.length; i++, k++) {
    bytes[i] = (bytes[i] ?? 0) ^ ((mask >>> (24 - 8 * (k & 3))) & 255);
  }
}
