import { lawOf, takenUs, waitUs } from "@loadline/kit/rate-limiter";
import type { Random } from "@loadline/kit/random";

/** Failures, or requests, by client address: a fixed amount of memory, whatever is thrown at it. */
export interface AddressTable {
  /** 0 when the address may try; else microseconds until it may. Never takes an entry. */
  waitUs(address: string, nowUs: number): number;
  /** Records one failure. */
  fail(address: string, nowUs: number): void;
  /** Addresses that failed and are not forgiven yet. */
  size(nowUs: number): number;
}

const ways = 8;
const minuteUs = 60_000_000;

/**
 * Addresses in sets of eight places: an entry that has drained is free, else the one that drains
 * first makes room, so a flood of addresses displaces only addresses of the same set that failed
 * less. IPv6 counts by /64. The arrays are made at the first failure.
 */
export function createAddressTable(o: {
  failuresPerMinute: number;
  addressesMax: number;
  random: Random;
}): AddressTable {
  const { failuresPerMinute } = o;
  const law = lawOf({
    limit: failuresPerMinute,
    periodUs: minuteUs,
    burst: failuresPerMinute,
    isCounted: true,
  });
  const sets = Math.ceil(o.addressesMax / ways);
  const seed = o.random.below(2 ** 32);
  let high = new Uint32Array(0);
  let low = new Uint32Array(0);
  let tats = new Float64Array(0);
  const key = { high: 0, low: 0 };
  /** Place of the address, or -1 and in `free` the place it would take. */
  let free = 0;
  const find = (address: string): number => {
    readAddress(address, key);
    const first = (mixed(key.high, key.low, seed) % sets) * ways;
    free = first;
    for (let at = first; at < first + ways; at++) {
      if (high[at] === key.high && low[at] === key.low && (tats[at] ?? 0) > 0) return at;
      if ((tats[at] ?? 0) < (tats[free] ?? 0)) free = at;
    }
    return -1;
  };
  return {
    waitUs(address, nowUs) {
      if (tats.length === 0) return 0;
      const at = find(address);
      return at < 0 ? 0 : waitUs(law, tats[at] ?? 0, nowUs, law.emissionUs);
    },
    fail(address, nowUs) {
      if (tats.length === 0) {
        high = new Uint32Array(sets * ways);
        low = new Uint32Array(sets * ways);
        tats = new Float64Array(sets * ways);
      }
      const known = find(address);
      const at = known < 0 ? free : known;
      high[at] = key.high;
      low[at] = key.low;
      const before = known < 0 ? 0 : (tats[at] ?? 0);
      const after = takenUs(before, nowUs, law.emissionUs);
      tats[at] = Math.min(after, nowUs + law.capacityUs);
    },
    size(nowUs) {
      let count = 0;
      for (const tat of tats) if (tat > nowUs) count++;
      return count;
    },
  };
}

/** An IPv4 address (mapped ones too) as (1, address), an IPv6 address as its first 64 bits. */
function readAddress(address: string, into: { high: number; low: number }): void {
  const isMapped = address.startsWith("::ffff:") && address.includes(".");
  const text = isMapped ? address.slice(7) : address;
  if (text.includes(":")) {
    readPrefix(text, into);
    return;
  }
  let value = 0;
  let part = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x2e) {
      value = (value * 256 + part) >>> 0;
      part = 0;
    } else part = (part * 10 + code - 0x30) & 255;
  }
  into.high = 1;
  into.low = (value * 256 + part) >>> 0;
}

/** The first four groups; `::` stands for as many zero groups as are missing. */
function readPrefix(text: string, into: { high: number; low: number }): void {
  const end = text.indexOf("%");
  const bare = end < 0 ? text : text.slice(0, end);
  const gap = bare.indexOf("::");
  const head = (gap < 0 ? bare : bare.slice(0, gap)).split(":").filter((part) => part !== "");
  const tail =
    gap < 0
      ? []
      : bare
          .slice(gap + 2)
          .split(":")
          .filter((part) => part !== "");
  const zeros = Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...Array.from({ length: zeros }, () => "0"), ...tail];
  const at = (i: number): number => Number.parseInt(groups[i] ?? "0", 16) & 0xffff;
  into.high = ((at(0) << 16) | at(1)) >>> 0;
  into.low = ((at(2) << 16) | at(3)) >>> 0;
}

/** A spread of both words that nobody can foresee without the seed. */
function mixed(high: number, low: number, seed: number): number {
  let z = Math.imul(high ^ seed, 0x9e3779b1) ^ Math.imul(low ^ (seed >>> 7), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 15), 0xc2b2ae35);
  z = Math.imul(z ^ (z >>> 13), 0x27d4eb2f);
  return (z ^ (z >>> 16)) >>> 0;
}
