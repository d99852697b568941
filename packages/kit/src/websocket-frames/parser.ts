import { isUtf8 } from "node:buffer";
import { closeCodes, controlBytesMax, isCloseCode, opcodes } from "./codes.ts";
import { applyMask } from "./encode.ts";

/**
 * Receives what the peer says. After `close` or `fail` nothing follows. A payload is only valid
 * during the call.
 */
export interface FrameSink {
  /** A whole message, whatever its fragments; text is valid UTF-8. */
  message(payload: Buffer, binary: boolean): void;
  ping(payload: Buffer): void;
  pong(payload: Buffer): void;
  /** 1005 when the frame had no code. */
  close(code: number, reason: string): void;
  /** The peer broke the protocol or a limit; `code` is what to close with. */
  fail(code: number, detail: string): void;
}

export interface FrameParserOptions {
  /** Of the reader: servers read masked frames only, clients unmasked ones only. */
  readonly role: "client" | "server";
  /** Bounds a message, all its fragments together, in bytes: default 1 MiB. */
  readonly messageBytesMax?: number;
}

export interface FrameParser {
  /** Bytes read; consumed before it returns. */
  feed(buf: Buffer): void;
  /** A frame or a fragmented message has begun and not ended: at end of connection, a cut. */
  readonly partial: boolean;
  /** A close frame was read, or the peer was refused. */
  readonly over: boolean;
}

const empty = Buffer.alloc(0);
const headBytesMax = 14;

/** A parser for one connection. */
export function createFrameParser(o: FrameParserOptions, sink: FrameSink): FrameParser {
  return new Parser(o, sink);
}

class Parser implements FrameParser {
  readonly #sink: FrameSink;
  readonly #masked: boolean;
  readonly #bytesMax: number;
  readonly #head = new Uint8Array(headBytesMax);
  readonly #control = Buffer.alloc(controlBytesMax);
  #headBytes = 0;
  #headNeeds = 2;
  #inPayload = false;
  #opcode = 0;
  #fin = false;
  #mask = 0;
  /** Bytes of the frame's payload: all, and read so far. */
  #length = 0;
  #read = 0;
  /** Opcode of the message in fragments, 0 when there is none. */
  #message = 0;
  /** The message so far, `#heldBytes` of it used. */
  #held: Buffer = empty;
  #heldBytes = 0;
  #over = false;

  constructor(o: FrameParserOptions, sink: FrameSink) {
    this.#sink = sink;
    this.#masked = o.role === "server";
    this.#bytesMax = o.messageBytesMax ?? 1_048_576;
  }

  get partial(): boolean {
    return !this.#over && (this.#headBytes > 0 || this.#inPayload || this.#message !== 0);
  }

  get over(): boolean {
    return this.#over;
  }

  feed(buf: Buffer): void {
    let at = 0;
    while (at < buf.length && !this.#over) {
      at = this.#inPayload ? this.#payload(buf, at) : this.#header(buf, at);
    }
  }

  #header(buf: Buffer, from: number): number {
    let at = from;
    while (at < buf.length && this.#headBytes < this.#headNeeds) {
      this.#head[this.#headBytes++] = buf[at++] ?? 0;
      if (this.#headBytes !== 2) continue;
      const refused = this.#firstTwo();
      if (refused !== "") {
        this.#fail(closeCodes.protocol, refused);
        return buf.length;
      }
    }
    if (this.#headBytes === this.#headNeeds) this.#begin();
    return at;
  }

  /** Refuses by the first two bytes; else sets how long the head is. */
  #firstTwo(): string {
    const first = this.#head[0] ?? 0;
    const second = this.#head[1] ?? 0;
    const opcode = first & 15;
    const size = second & 127;
    this.#opcode = opcode;
    this.#fin = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) return "reserved bits without an extension";
    if (((second & 0x80) !== 0) !== this.#masked) {
      return this.#masked ? "a frame of a client without a mask" : "a masked frame of a server";
    }
    const refused = opcode >= 8 ? controlFlaw(opcode, size, this.#fin) : this.#dataFlaw(opcode);
    if (refused !== "") return refused;
    const extended = size === 126 ? 2 : size === 127 ? 8 : 0;
    this.#headNeeds = 2 + extended + (this.#masked ? 4 : 0);
    return "";
  }

  #dataFlaw(opcode: number): string {
    if (opcode > opcodes.binary) return "a reserved opcode";
    if (opcode === 0 && this.#message === 0) return "a continuation of nothing";
    return opcode !== 0 && this.#message !== 0 ? "a message inside another one's fragments" : "";
  }

  /** The head is whole. */
  #begin(): void {
    const length = this.#lengthOf();
    if (length < 0) {
      this.#fail(closeCodes.protocol, "a length not written the shortest way");
      return;
    }
    const head = this.#head;
    const n = this.#headNeeds;
    this.#mask = this.#masked
      ? (((head[n - 4] ?? 0) << 24) | ((head[n - 3] ?? 0) << 16) | ((head[n - 2] ?? 0) << 8)) +
        (head[n - 1] ?? 0)
      : 0;
    this.#headBytes = 0;
    this.#headNeeds = 2;
    this.#length = length;
    this.#read = 0;
    if (this.#opcode < 8 && this.#heldBytes + length > this.#bytesMax) {
      this.#fail(closeCodes.tooBig, `a message over ${this.#bytesMax} bytes`);
      return;
    }
    if (length === 0) this.#ended(empty);
    else this.#inPayload = true;
  }

  /** -1 when refused. */
  #lengthOf(): number {
    const head = this.#head;
    const size = (head[1] ?? 0) & 127;
    if (size < 126) return size;
    const to = size === 126 ? 4 : 10;
    let length = 0;
    for (let i = 2; i < to; i++) length = length * 256 + (head[i] ?? 0);
    if (size === 127 && (head[2] ?? 0) >= 0x80) return -1;
    return length >= (size === 126 ? 126 : 65_536) ? length : -1;
  }

  #payload(buf: Buffer, at: number): number {
    const take = Math.min(this.#length - this.#read, buf.length - at);
    const part = buf.subarray(at, at + take);
    if (take === this.#length && !this.#masked && this.#heldBytes === 0) {
      // Whole in one read: not copied.
      this.#read = take;
      this.#inPayload = false;
      this.#ended(part);
      return at + take;
    }
    this.#keep(part);
    if (this.#read === this.#length) {
      this.#inPayload = false;
      this.#ended(null);
    }
    return at + take;
  }

  /** Copies a part of the payload, unmasked, to where its message is collected. */
  #keep(part: Buffer): void {
    const control = this.#opcode >= 8;
    const offset = control ? this.#read : this.#heldBytes;
    if (!control) this.#grow(this.#heldBytes + part.length);
    const into = control ? this.#control : this.#held;
    part.copy(into, offset);
    const kept = into.subarray(offset, offset + part.length);
    if (this.#masked) applyMask(kept, 0, this.#mask, this.#read & 3);
    this.#read += part.length;
    if (!control) this.#heldBytes += part.length;
  }

  #grow(bytes: number): void {
    if (bytes <= this.#held.length) return;
    // Never more than double what has come: a length alone reserves nothing.
    const grown = Buffer.allocUnsafe(Math.min(this.#bytesMax, Math.max(256, bytes * 2)));
    this.#held.copy(grown, 0, 0, this.#heldBytes);
    this.#held = grown;
  }

  /** The frame is whole; `payload` null when it was kept. */
  #ended(payload: Buffer | null): void {
    if (this.#opcode >= 8) {
      this.#endControl(payload ?? this.#control.subarray(0, this.#length));
      return;
    }
    const started = this.#opcode === 0 ? this.#message : this.#opcode;
    if (!this.#fin) {
      if (payload !== null && payload.length > 0) this.#keepWhole(payload);
      this.#message = started;
      return;
    }
    const all =
      payload !== null && this.#heldBytes === 0 ? payload : this.#held.subarray(0, this.#heldBytes);
    this.#message = 0;
    this.#heldBytes = 0;
    if (started === opcodes.text && !isUtf8(all)) {
      this.#fail(closeCodes.invalidText, "text that is not UTF-8");
      return;
    }
    this.#sink.message(all, started === opcodes.binary);
    // One large message does not keep its memory.
    if (this.#held.length > 65_536) this.#held = empty;
  }

  #keepWhole(payload: Buffer): void {
    this.#read = 0;
    this.#keep(payload);
  }

  #endControl(payload: Buffer): void {
    if (this.#opcode === opcodes.ping) this.#sink.ping(payload);
    else if (this.#opcode === opcodes.pong) this.#sink.pong(payload);
    else this.#close(payload);
  }

  #close(payload: Buffer): void {
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : closeCodes.none;
    if (payload.length === 1 || (payload.length > 0 && !isCloseCode(code))) {
      this.#fail(closeCodes.protocol, "a close frame with a malformed code");
      return;
    }
    const reason = payload.subarray(2);
    if (!isUtf8(reason)) {
      this.#fail(closeCodes.invalidText, "a close reason that is not UTF-8");
      return;
    }
    this.#over = true;
    this.#sink.close(code, reason.toString("utf8"));
  }

  #fail(code: number, detail: string): void {
    this.#over = true;
    this.#held = empty;
    this.#sink.fail(code, detail);
  }
}

function controlFlaw(opcode: number, size: number, fin: boolean): string {
  if (opcode > opcodes.pong) return "a reserved opcode";
  return size > controlBytesMax || !fin ? "a control frame too long or in fragments" : "";
}
