/** In which order a feeder gives its rows. */
export const feedOrders = ["sequential", "shuffle", "random", "unique", "perVu"] as const;
export type FeedOrder = (typeof feedOrders)[number];

/** Who asks for a row: the arrival and its virtual user, both counted over all workers. */
export interface FeedAsker {
  readonly index: number;
  readonly vu: number;
}

/**
 * The row of an arrival, a pure function of the arrival's number: workers share nothing and the
 * same arrival gets the same row however many there are. -1: `unique` has no row left.
 */
export function rowOf(order: FeedOrder, rows: number, seed: number, of: FeedAsker): number {
  switch (order) {
    case "sequential":
      return of.index % rows;
    case "unique":
      return of.index < rows ? of.index : -1;
    case "perVu":
      return of.vu % rows;
    case "random":
      return Math.floor((mix(seed, of.index) / 2 ** 32) * rows);
    case "shuffle": {
      const pass = Math.floor(of.index / rows);
      return permuted(of.index % rows, rows, mix(seed, pass));
    }
  }
}

/** A 32-bit hash of two numbers; the finaliser of SplitMix32. */
function mix(seed: number, value: number): number {
  const low = Math.imul((value >>> 0) + 1, 0x9e3779b1);
  const high = Math.imul(Math.floor(value / 2 ** 32), 0x85ebca6b);
  let z = (seed ^ low ^ high) >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

const rounds = 6;

/**
 * Where `at` lies in a seeded order of 0..count-1, without a table: a Feistel network over the
 * next even power of two, walked until it lands below `count` (at most four steps on average).
 */
function permuted(at: number, count: number, seed: number): number {
  const bits = Math.max(2, Math.ceil(Math.log2(Math.max(2, count))));
  const half = Math.ceil(bits / 2);
  const mask = 2 ** half - 1;
  let value = at;
  do {
    let left = Math.floor(value / (mask + 1));
    let right = value & mask;
    for (let round = 0; round < rounds; round++) {
      const next = (left ^ mix(seed + round, right)) & mask;
      left = right;
      right = next;
    }
    value = left * (mask + 1) + right;
  } while (value >= count);
  return value;
}
