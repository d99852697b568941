import { deflateSync, inflateSync } from "node:zlib";
import { histogramErrors } from "./errors.ts";
import type { Histogram } from "./histogram.ts";

/** HdrHistogram V2: three significant digits, which is 1,024 sub-buckets per octave. */
const digits = 3;
const halfBits = 10;
const cookie = 0x1c849313;
const compressedCookie = 0x1c849314;
const headBytes = 40;
/** Values of a histogram end here; what was over it is counted in the last bucket. */
const highestUs = 2 ** 32 - 1;

/** Index among the counts of a V2 histogram of lowest value 1. */
function indexOf(us: number): number {
  const value = Math.min(us, highestUs);
  const octave = Math.max(0, 31 - Math.clz32(value) - halfBits);
  return (octave << halfBits) + Math.floor(value / 2 ** octave);
}

/** ZigZag LEB128 of V2: seven bits a byte, least first. */
function pushNumber(bytes: number[], value: number): void {
  let left = value < 0 ? -value * 2 - 1 : value * 2;
  while (left >= 128) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  bytes.push(left);
}

/** Counts with runs of zeros as their negative length. */
function payloadOf(histogram: Histogram): Buffer {
  const counts = new Map<number, number>();
  histogram.each((_low, highUs, count) => {
    const at = indexOf(highUs);
    counts.set(at, (counts.get(at) ?? 0) + count);
  });
  const bytes: number[] = [];
  let next = 0;
  for (const [at, count] of [...counts].sort(([a], [b]) => a - b)) {
    const zeros = at - next;
    if (zeros === 1) pushNumber(bytes, 0);
    else if (zeros > 1) pushNumber(bytes, -zeros);
    pushNumber(bytes, count);
    next = at + 1;
  }
  return Buffer.from(bytes);
}

/**
 * A histogram as HdrHistogram V2, compressed, in base64; values in us. Buckets lie at their upper
 * edges, so that every quantile read from it is the one this histogram tells.
 */
export function encodeHdr(histogram: Histogram): string {
  const payload = payloadOf(histogram);
  const plain = Buffer.alloc(headBytes + payload.length);
  plain.writeInt32BE(cookie, 0);
  plain.writeInt32BE(payload.length, 4);
  plain.writeInt32BE(0, 8);
  plain.writeInt32BE(digits, 12);
  plain.writeBigInt64BE(1n, 16);
  plain.writeBigInt64BE(BigInt(highestUs), 24);
  plain.writeDoubleBE(1, 32);
  payload.copy(plain, headBytes);
  const packed = deflateSync(plain);
  const head = Buffer.alloc(8);
  head.writeInt32BE(compressedCookie, 0);
  head.writeInt32BE(packed.length, 4);
  return Buffer.concat([head, packed]).toString("base64");
}

/** One bucket of a V2 histogram and how many values are in it, both ends included. */
export interface HdrBucket {
  readonly lowUs: number;
  readonly highUs: number;
  readonly count: number;
}

/** Largest payload that is read: every bucket there is, with the longest count. */
const payloadBytesMax = 1 << 20;

/** Buckets with values of what {@link encodeHdr} wrote, ascending. @throws LL_LOAD_HISTOGRAM_LAYOUT */
export function decodeHdr(text: string): HdrBucket[] {
  const plain = plainOf(Buffer.from(text, "base64"));
  const buckets: HdrBucket[] = [];
  let index = 0;
  for (let at = headBytes; at < plain.length;) {
    let value = 0;
    let scale = 1;
    for (let more = true; more && at < plain.length; scale *= 128) {
      const byte = plain[at++] ?? 0;
      value += (byte % 128) * scale;
      more = byte >= 128;
    }
    // Odd ones are negative: as many empty buckets.
    if (value % 2 === 1) index += (value + 1) / 2;
    else if (value === 0) index++;
    else buckets.push(bucketAt(index++, value / 2));
  }
  return buckets;
}

function plainOf(packed: Buffer): Buffer {
  let plain = Buffer.alloc(0);
  try {
    const isCompressed = packed.length > 8 && packed.readInt32BE(0) === compressedCookie;
    if (isCompressed) plain = inflateSync(packed.subarray(8), { maxOutputLength: payloadBytesMax });
  } catch (cause) {
    throw histogramErrors.make("LL_LOAD_HISTOGRAM_LAYOUT", "It is not compressed as V2 is.", {
      cause,
    });
  }
  const isOurs =
    plain.length >= headBytes &&
    plain.readInt32BE(0) === cookie &&
    plain.readInt32BE(4) === plain.length - headBytes &&
    plain.readInt32BE(12) === digits &&
    plain.readBigInt64BE(16) === 1n;
  if (!isOurs) {
    throw histogramErrors.make("LL_LOAD_HISTOGRAM_LAYOUT", "It is no V2 of three digits from 1.");
  }
  return plain;
}

function bucketAt(index: number, count: number): HdrBucket {
  const octave = Math.max(0, (index >> halfBits) - 1);
  const lowUs = (index - (octave << halfBits)) * 2 ** octave;
  return { lowUs, highUs: lowUs + 2 ** octave - 1, count };
}
