/**
 * The parts of DER that X.509 is made of: values written, and read one level at a time.
 *
 * ```ts
 * const name = sequence(tlv(0x31, sequence(oid("550403"), tlv(0x0c, Buffer.from("a.test")))));
 * const [first] = valuesOf(valuesOf(name)[0].value);
 * ```
 */

const lengthMax = 0xffff;

/** One value of DER. RangeError above 65,535 bytes. */
export function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  if (length > lengthMax) throw new RangeError(`a value of ${length} bytes`);
  const head =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), value]);
}

/** A SEQUENCE. */
export const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, ...parts);

/** An OBJECT IDENTIFIER from the bytes of its value. */
export const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, "hex"));

/** A BIT STRING of whole bytes. */
export const bitString = (bytes: Buffer): Buffer => tlv(0x03, Buffer.from([0]), bytes);

/** PEM of one value. */
export function pemOf(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** One value as it was read. */
export interface DerValue {
  readonly tag: number;
  /** Without its head. */
  readonly value: Buffer;
  /** With its head. */
  readonly whole: Buffer;
}

/** The values that stand one after another in `bytes`. RangeError where they are cut or endless. */
export function valuesOf(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes.readUInt8(at + 1);
    const more = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || more > 4) throw new RangeError("a length that DER does not have");
    const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
    const from = at + 2 + more;
    const end = from + length;
    if (end > bytes.length) throw new RangeError("a value is cut");
    const tag = bytes.readUInt8(at);
    values.push({ tag, value: bytes.subarray(from, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return values;
}
