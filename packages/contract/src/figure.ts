/** Text of figures, the same for every renderer and every locale. */
import type { ClaimVerdict, Figure, Interval } from "./report-model.ts";

const notMeasured = "not measured";
const counted: ReadonlySet<string> = new Set(["proportion", "quantile", "trials"]);

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function groupThousands(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Whole numbers in full with `,` groups, others with three significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return notMeasured;
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(2);
  if (Number.isInteger(value) || size >= 1_000) return groupThousands(value.toFixed(0));
  if (size < 1e-6) return value.toExponential(2);
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(size)));
  return groupThousands(trimZeros(value.toFixed(decimals)));
}

/** A ratio as per cent; 0.99996 is never shown as 100 % nor 0.00004 as 0 %. */
export function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return notMeasured;
  const percent = ratio * 100;
  const distance = Math.min(Math.abs(percent), Math.abs(100 - percent));
  const digits = distance < 1e-9 ? 2 : 1 - Math.floor(Math.log10(distance));
  return `${trimZeros(percent.toFixed(Math.min(10, Math.max(1, digits))))} %`;
}

/** A duration in ms as `0.42 ms`, `840 ms`, `1.71 s`, `3 m 12 s` or `2 h 5 m`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return notMeasured;
  if (Math.abs(ms) < 999.5) return `${trimZeros(Number(ms.toPrecision(3)).toString())} ms`;
  if (ms < 59_950) return `${trimZeros((ms / 1_000).toPrecision(3))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${groupThousands(String(Math.floor(minutes / 60)))} h ${minutes % 60} m`;
}

/** One value with its unit; `ratio` prints as per cent, `ms` and `s` as durations. */
export function formatValue(value: number, unit: string): string {
  if (unit === "ratio") return formatRatio(value);
  if (unit === "ms") return formatDuration(value);
  if (unit === "s") return formatDuration(value * 1_000);
  return unit === "" ? formatNumber(value) : `${formatNumber(value)} ${unit}`;
}

/** `not measured` for null, `< r` below the resolution, else the value with its unit. */
export function formatFigure(f: Figure): string {
  if (f.value === null || !Number.isFinite(f.value)) return notMeasured;
  if (f.resolution !== undefined && f.resolution > 0 && Math.abs(f.value) < f.resolution) {
    return `< ${formatValue(f.resolution, f.unit)}`;
  }
  return formatValue(f.value, f.unit);
}

/** `99.4 %..99.9 % (95 % one-sided)`, `<= 2.31 s (...)`, `>= 95 % (...)` or `not measured`. */
export function formatInterval(i: Interval): string {
  const level = `(${formatRatio(i.confidence)} one-sided)`;
  if (i.lower === null && i.upper === null) return notMeasured;
  if (i.lower === null) return `<= ${formatValue(i.upper ?? NaN, i.unit)} ${level}`;
  if (i.upper === null) return `>= ${formatValue(i.lower, i.unit)} ${level}`;
  return `${formatValue(i.lower, i.unit)}..${formatValue(i.upper, i.unit)} ${level}`;
}

/**
 * What a claim saw: a predicate held or did not, of so many observations; any other kind gives its
 * figure, without one its counts, `not measured` without either.
 */
export function formatObserved(
  claim: Pick<ClaimVerdict, "kind" | "observed" | "n" | "bad">,
): string {
  const { kind, observed, n, bad } = claim;
  if (kind !== "predicate") {
    if (observed !== null) return formatFigure(observed);
    // Somebody else's counts decide a claim whose figure they do not give.
    return n > 0 && counted.has(kind)
      ? `${formatNumber(bad)} of ${formatNumber(n)} bad`
      : notMeasured;
  }
  if (n === 0) return notMeasured;
  if (n === 1) return bad === 0 ? "held" : "did not hold";
  return `held ${formatNumber(n - bad)} of ${formatNumber(n)}`;
}

type Decided = Pick<ClaimVerdict, "kind" | "observed" | "n" | "bad"> &
  Partial<Pick<ClaimVerdict, "verdict" | "parts">>;

/**
 * As {@link formatObserved}, for what is drawn anew each time: a percentile over windows has no
 * figure of its own, and gives the counts of the worst window of those with the claim's verdict.
 */
export function formatDecided(claim: Decided): string {
  const text = formatObserved(claim);
  const { kind, verdict, n, parts = [] } = claim;
  if (text !== notMeasured || n === 0 || !counted.has(kind)) return text;
  const equal = parts.filter((part) => part.verdict === verdict && part.n > 0);
  const [worst = claim] = equal.toSorted((a, b) => b.bad / b.n - a.bad / a.n);
  const which = parts.length > 1 ? `, the worst of ${formatNumber(parts.length)}` : "";
  return `${formatNumber(worst.bad)} of ${formatNumber(worst.n)} bad${which}`;
}
