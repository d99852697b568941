/** Writes the few parts of protobuf's wire format that one message needs, in the order asked. */
export class ProtobufMessage {
  readonly #parts: Buffer[] = [];

  /** A whole number of 0 to 2^53. */
  uint(field: number, value: number): this {
    return this.#push(varint(field * 8), varint(value));
  }

  /** A whole number of either sign, below 2^52 from zero. */
  sint(field: number, value: number): this {
    return this.uint(field, zigzag(value));
  }

  double(field: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return this.#push(varint(field * 8 + 1), bytes);
  }

  text(field: number, value: string): this {
    return this.#bytes(field, Buffer.from(value));
  }

  message(field: number, value: ProtobufMessage): this {
    return this.#bytes(field, value.toBytes());
  }

  /** Whole numbers of either sign as one field. */
  sints(field: number, values: readonly number[]): this {
    if (values.length === 0) return this;
    return this.#bytes(field, Buffer.concat(values.map((value) => varint(zigzag(value)))));
  }

  toBytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** With its length before it, as messages of one stream are parted. */
  toDelimited(): Buffer {
    const bytes = this.toBytes();
    return Buffer.concat([varint(bytes.length), bytes]);
  }

  #bytes(field: number, bytes: Buffer): this {
    return this.#push(varint(field * 8 + 2), varint(bytes.length), bytes);
  }

  #push(...parts: Buffer[]): this {
    this.#parts.push(...parts);
    return this;
  }
}

const zigzag = (value: number): number => (value < 0 ? -value * 2 - 1 : value * 2);

/** Seven bits a byte, least first; divided, because a number may have more than 32 bits. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left >= 128) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  bytes.push(left);
  return Buffer.from(bytes);
}
