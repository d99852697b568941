import { isIPv4, isIPv6 } from "node:net";

/** A network: the first `prefix` bits of 16 address bytes; IPv4 is kept as ::ffff:0:0/96. */
export interface IpRange {
  readonly bytes: Uint8Array;
  /** 0 to 128. */
  readonly prefix: number;
}

export interface IpRanges {
  /** Whether an address lies in one of the ranges; false for text that is no address. */
  has(address: string): boolean;
}

const addressBytes = 16;
const mappedBits = 96;
const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** 16 bytes of an IPv4 or IPv6 address (a zone is dropped), or undefined. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from([...mappedPrefix, ...ipv4Bytes(text)]);
  const zone = text.indexOf("%");
  const plain = zone < 0 ? text : text.slice(0, zone);
  return isIPv6(plain) ? ipv6Bytes(plain) : undefined;
}

/** `10.0.0.0/8`, `2001:db8::/32` or a single address; undefined when it is none of these. */
export function parseRange(text: string): IpRange | undefined {
  const slash = text.indexOf("/");
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (!bytes || text.includes("%")) return undefined;
  const isV4 = !text.includes(":");
  const bitsMax = isV4 ? 32 : 128;
  const bits = slash < 0 ? String(bitsMax) : text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > bitsMax) return undefined;
  return { bytes, prefix: Number(bits) + (isV4 ? mappedBits : 0) };
}

/** The ranges, or the first text that is no range. */
export function parseRanges(texts: readonly string[]): IpRanges | string {
  const ranges: IpRange[] = [];
  for (const text of texts) {
    const range = parseRange(text);
    if (!range) return text;
    ranges.push(range);
  }
  return {
    has(address) {
      const bytes = parseAddress(address);
      return bytes !== undefined && ranges.some((range) => isIn(bytes, range));
    },
  };
}

/** Whether every address of `inner` is one of `outer`. */
export function isRangeWithin(inner: IpRange, outer: IpRange): boolean {
  return inner.prefix >= outer.prefix && isIn(inner.bytes, outer);
}

function isIn(bytes: Uint8Array, { bytes: network, prefix }: IpRange): boolean {
  const whole = prefix >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== network[i]) return false;
  const rest = prefix & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((bytes[whole] ?? 0) & mask) === ((network[whole] ?? 0) & mask);
}

function ipv4Bytes(text: string): number[] {
  return text.split(".").map(Number);
}

function ipv6Bytes(text: string): Uint8Array {
  const [head = "", tail] = text.split("::");
  const before = groupBytes(head);
  const after = tail === undefined ? [] : groupBytes(tail);
  const bytes = new Uint8Array(addressBytes);
  bytes.set(before);
  bytes.set(after, addressBytes - after.length);
  return bytes;
}

/** Bytes of `2001:db8` or, with an IPv4 tail, `ffff:10.0.0.1`. */
function groupBytes(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return ipv4Bytes(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
