/**
 * Randomness, passed in. `seededRandom` repeats for a seed; `systemRandom` is the machine's.
 *
 * ```ts
 * const random = seededRandom(7);
 * random.unit(); // 0 <= x < 1
 * ```
 */
import { randomBytes } from "node:crypto";

export interface Random {
  /** Uniform in [0, 1). */
  unit(): number;
  /** Uniform integer in [0, below). */
  below(below: number): number;
  /** `count` random bytes. Only `systemRandom` is fit for secrets. */
  bytes(count: number): Uint8Array;
}

/** The machine's cryptographic randomness. */
export function systemRandom(): Random {
  const unit = (): number => randomBytes(6).readUIntBE(0, 6) / 2 ** 48;
  return {
    unit,
    below: (below) => Math.floor(unit() * below),
    bytes: (count) => new Uint8Array(randomBytes(count)),
  };
}

/** SplitMix32: equal sequences for equal seeds on every machine. Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  return {
    unit: () => next() / 2 ** 32,
    below: (below) => Math.floor((next() / 2 ** 32) * below),
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 255),
  };
}
