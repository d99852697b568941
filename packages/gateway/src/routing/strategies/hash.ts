/** Start value of FNV-1a, 32 bit. */
export const hashStart = 0x811c9dc5;

/** FNV-1a over the UTF-16 code units of a text, for short texts such as names. */
export function hashText(text: string, start: number = hashStart): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = hashByte(hash, text.charCodeAt(i));
  return hash;
}

export function hashByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/** Spreads each bit over all 32. */
export function mix(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
