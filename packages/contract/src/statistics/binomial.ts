/**
 * Binomial probabilities by Loader's saddle point and a continued fraction for the tails.
 * The plain log-gamma form loses seven digits at n = 1e9; this form keeps nine.
 */

/** Error of Stirling's formula for ln(n!), n >= 0; n = 0 is never asked for. */
function stirlingError(n: number): number {
  if (n < 16) {
    let factorial = 1;
    for (let i = 2; i <= n; i++) factorial *= i;
    return Math.log(factorial) - (n + 0.5) * Math.log(n) + n - 0.5 * Math.log(2 * Math.PI);
  }
  const s = n * n;
  const tail = 1 / 1260 - (1 / 1680 - 1 / (1188 * s)) / s;
  return (1 / 12 - (1 / 360 - tail / s) / s) / n;
}

/** x ln(x/m) + m - x without cancellation near x = m. */
function deviance(x: number, m: number): number {
  const difference = x - m;
  if (Math.abs(difference) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = difference / (x + m);
  let sum = difference * v;
  let term = 2 * x * v;
  for (let j = 1; j < 1_000; j++) {
    term *= v * v;
    const next = sum + term / (2 * j + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/** ln p where q = 1 - p may be the better known of the two. */
function logOf(p: number, q: number): number {
  return p < 0.5 ? Math.log(p) : Math.log1p(-q);
}

/** P(Bin(n, p) = k) for whole n, k and 0 <= p <= 1; pass q = 1 - p where p is next to 1. */
export function binomialPmf(k: number, n: number, p: number, q = 1 - p): number {
  if (k < 0 || k > n) return 0;
  if (p <= 0) return k === 0 ? 1 : 0;
  if (q <= 0) return k === n ? 1 : 0;
  if (k === 0) return Math.exp(n * logOf(q, p));
  if (k === n) return Math.exp(n * logOf(p, q));
  const error = stirlingError(n) - stirlingError(k) - stirlingError(n - k);
  const log = error - deviance(k, n * p) - deviance(n - k, n * q);
  return Math.exp(log) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

const tiny = 1e-300;
const roundsMax = 1_000_000;

function away(value: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** Continued fraction of the incomplete beta function (modified Lentz), for x below the mean. */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let product = d;
  for (let m = 1; m <= roundsMax; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    product *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const step = d * c;
    product *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return product;
}

/**
 * Regularised incomplete beta I_x(a, b) for whole a, b >= 1; relative error <= 1e-9 to 1e9.
 * y = 1 - x is passed too: next to 1, x alone has lost its distance to 1.
 */
export function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  if (x < (a + 1) / (a + b + 2)) {
    return ((binomialPmf(a, a + b, x, y) * b) / (a + b)) * betaFraction(x, a, b);
  }
  const mirrored = (binomialPmf(b, a + b, y, x) * a) / (a + b);
  return 1 - mirrored * betaFraction(y, b, a);
}

/** P(Bin(n, p) <= k). */
export function binomialAtMost(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  if (k === 0) return p >= 1 ? 0 : Math.exp(n * Math.log1p(-p));
  return incompleteBeta(1 - p, p, n - k, k + 1);
}

/** P(Bin(n, p) >= k). */
export function binomialAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return incompleteBeta(p, 1 - p, k, n - k + 1);
}
