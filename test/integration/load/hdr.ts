import { inflateSync } from "node:zlib";

/** Count and quantiles of one histogram of an HdrHistogram log, read by its description alone. */
export interface HdrInterval {
  readonly count: number;
  /** Highest value, ms, of the bucket that holds this share (0..1) of all values. */
  quantileMs(q: number): number;
}

/** The histogram with this tag in a log of format 1.3; the test fails without it. */
export function hdrInterval(log: string, tag: string): HdrInterval {
  const line = log.split("\n").find((one) => one.startsWith(`Tag=${tag},`));
  const packed = Buffer.from(line?.split(",")[4] ?? "", "base64");
  if (packed.length < 9)
    throw new Error(`no histogram ${tag} in a log of ${log.length} characters`);
  const rows = countsOf(inflateSync(packed.subarray(8)));
  const count = rows.reduce((sum, [, n]) => sum + n, 0);
  const quantileMs = (q: number): number => {
    let before = 0;
    for (const [highUs, n] of rows) {
      before += n;
      if (before >= q * count) return highUs / 1000;
    }
    return Number.NaN;
  };
  return { count, quantileMs };
}

/** V2: a head of 40 bytes, then ZigZag LEB128 counts; a negative one is a run of empty buckets. */
function countsOf(plain: Buffer): (readonly [highUs: number, count: number])[] {
  const rows: (readonly [number, number])[] = [];
  let index = 0;
  for (let at = 40; at < plain.length;) {
    let [value, scale] = [0, 1];
    for (let more = true; more; scale *= 128) {
      const byte = plain[at++] ?? 0;
      value += (byte % 128) * scale;
      more = byte >= 128;
    }
    if (value % 2 === 1) {
      index += (value + 1) / 2;
      continue;
    }
    // Three digits: 2,048 sub-buckets, of which all octaves but the first use the upper half.
    const octave = Math.max(0, Math.floor(index / 1024) - 1);
    const sub = octave === 0 ? index : (index % 1024) + 1024;
    if (value > 0) rows.push([(sub + 1) * 2 ** octave - 1, value / 2]);
    index++;
  }
  return rows;
}
