/** One field as it stands: a number, or bytes of a text, a message or packed numbers. */
export interface WireField {
  readonly field: number;
  readonly value: number | Buffer;
}

/** A whole number and where it ends. */
export function readVarint(bytes: Buffer, from: number): readonly [value: number, next: number] {
  let value = 0;
  let factor = 1;
  let at = from;
  for (; (bytes[at] ?? 0) >= 128; at++) {
    value += ((bytes[at] ?? 0) - 128) * factor;
    factor *= 128;
  }
  return [value + (bytes[at] ?? 0) * factor, at + 1];
}

export const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** The fields of a message in their order. */
export function decodeProtobuf(bytes: Buffer): WireField[] {
  const fields: WireField[] = [];
  for (let at = 0; at < bytes.length;) {
    const [key, body] = readVarint(bytes, at);
    const field = Math.floor(key / 8);
    if (key % 8 === 1) {
      fields.push({ field, value: bytes.readDoubleLE(body) });
      at = body + 8;
      continue;
    }
    const [number, next] = readVarint(bytes, body);
    const isBytes = key % 8 === 2;
    fields.push({ field, value: isBytes ? bytes.subarray(next, next + number) : number });
    at = isBytes ? next + number : next;
  }
  return fields;
}

/** Messages of one stream, each with its length before it. */
export function decodeDelimited(bytes: Buffer): WireField[][] {
  const messages: WireField[][] = [];
  for (let at = 0; at < bytes.length;) {
    const [length, next] = readVarint(bytes, at);
    messages.push(decodeProtobuf(bytes.subarray(next, next + length)));
    at = next + length;
  }
  return messages;
}
