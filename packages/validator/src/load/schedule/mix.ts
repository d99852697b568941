import { seededRandom } from "@loadline/kit/random";

const blockMax = 1000;

/** Which part of a mix an iteration is. */
export interface Mix {
  /** Iterations per block: in each block every part has exactly its share. */
  readonly block: number;
  /** Part of iteration `index`; depends on nothing but the seed and the index. */
  at(index: number): number;
}

/**
 * Permuted blocks: 50/30/20 gives blocks of 10 with 5, 3 and 2 in an order drawn per block. Weights
 * are finite, >= 0 and not all 0; shares finer than a thousandth are rounded.
 */
export function createMix(weights: readonly number[], seed: number): Mix {
  const counts = blockOf(weights);
  const block = counts.reduce((sum, count) => sum + count, 0);
  const sorted = counts.flatMap((count, part) => Array.from({ length: count }, () => part));
  let drawn = -1;
  let order = sorted;
  return {
    block,
    at: (index) => {
      const wanted = Math.floor(index / block);
      if (wanted !== drawn) {
        order = shuffle(sorted, (seed ^ Math.imul(wanted + 1, 0x85ebca6b)) >>> 0);
        drawn = wanted;
      }
      return order[index % block] ?? 0;
    },
  };
}

/** A shuffled copy (Fisher and Yates), the same for the same seed. */
export function shuffle<T>(values: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  const all = [...values];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const [a, b] = [all[i], all[j]];
    if (a === undefined || b === undefined) continue;
    all[i] = b;
    all[j] = a;
  }
  return all;
}

/** How often each part is in a block: the smallest whole numbers in the ratio of the weights, at most 1,000 in all. */
export function blockOf(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (let scale = 1; scale <= blockMax; scale *= 10) {
    const whole = weights.map((weight) => weight * scale);
    if (!whole.every((one) => Math.abs(one - Math.round(one)) < 1e-9)) continue;
    const divisor = whole.reduce((a, b) => gcd(a, Math.round(b)), 0);
    const counts = whole.map((one) => Math.round(one) / divisor);
    if (counts.reduce((sum, count) => sum + count, 0) <= blockMax) return counts;
  }
  // A part with a weight gets a pick, however small its share.
  return weights.map((weight) =>
    weight > 0 ? Math.max(1, Math.round((weight / total) * blockMax)) : 0,
  );
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
