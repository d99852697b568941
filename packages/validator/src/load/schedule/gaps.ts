import type { Random } from "@loadline/kit/random";

/** Terms of the gaps between arrivals, in units of their mean. */
export interface GapTerms {
  readonly arrivals?: "even" | "poisson" | "gamma";
  readonly burstiness?: number;
}

/** Draws of gaps with mean 1; `even` ones are counted, not drawn, and give null. */
export function createGaps(terms: GapTerms, random: Random): (() => number) | null {
  switch (terms.arrivals ?? "even") {
    case "even":
      return null;
    case "poisson":
      return () => exponential(random);
    case "gamma": {
      const shape = terms.burstiness ?? 1;
      return () => gamma(shape, random) / shape;
    }
  }
}

/** unit() < 1, so the logarithm is finite. */
function exponential(random: Random): number {
  return -Math.log(1 - random.unit());
}

/** Gamma of a shape and scale 1 (Marsaglia and Tsang, 2000). */
function gamma(shape: number, random: Random): number {
  if (shape < 1) {
    // A draw of shape + 1, pulled towards zero; 1 - unit() is never 0.
    return gamma(shape + 1, random) * (1 - random.unit()) ** (1 / shape);
  }
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  // Accepts more than 95 of 100 draws: a thousand refusals in a row do not happen.
  for (let i = 0; i < 1000; i++) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const u = 1 - random.unit();
    if (Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
  return shape;
}

/** Standard normal (Box and Muller). */
function normal(random: Random): number {
  return Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random.unit());
}
