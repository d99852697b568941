/** One value of DER, up to 65,535 bytes. */
export function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
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
