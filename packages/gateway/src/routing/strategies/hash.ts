/** Start value of FNV-1a, 32 bit. */
export const hashStart = 0x811c9dc5;

/** FNV-1a over the UTF-16 code units of a text, for short texts such as names. */
export function hashText(text: string, start: number = hashStart): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = hashByte(hash, text.charCodeAt(i));
  return hash;
}

/** FNV-1a by four bytes at once, the rest one by one. */
export function hashBytes(bytes: Buffer, start: number, end: number, before: number): number {
  let hash = before;
  let i = start;
  for (; i + 4 <= end; i += 4) hash = hashByte(hash, bytes.readInt32LE(i));
  for (; i < end; i++) hash = hashByte(hash, bytes[i] ?? 0);
  return hash;
}

function hashByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/** Spreads each bit over all 32. */
export function mix(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
