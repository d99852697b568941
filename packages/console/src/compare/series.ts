import type { ClaimVerdict } from "@loadline/contract/browser";
import { escapeHtml } from "../report/escape.ts";

/** One run of a claim in a row of runs. */
export interface SeriesPoint {
  /** Null: the run has no such claim, and the row a gap. */
  readonly claim: ClaimVerdict | null;
  /** It does not measure what the run before it did. */
  readonly isBroken: boolean;
}

interface Span {
  readonly lower: number | null;
  readonly upper: number | null;
  readonly observed: number | null;
  readonly limit: number | null;
  readonly isDeclared: boolean;
}

const step = 22;
const height = 64;
const pad = 6;

/** The numbers of a claim that stand on one axis: those of the first unit seen. */
function spanOf(claim: ClaimVerdict, unit: string): Span {
  const own = claim.interval?.unit === unit ? claim.interval : null;
  const [observed, limit] = [claim.observed, claim.limit].map((one) =>
    one !== null && one.unit === unit ? one.value : null,
  );
  return {
    lower: own?.lower ?? null,
    upper: own?.upper ?? null,
    observed: observed ?? null,
    limit: limit ?? null,
    isDeclared: claim.limit?.provenance === "declared",
  };
}

/** What held or did not has no axis. */
const unitOf = ({ claim }: SeriesPoint): string | null =>
  claim === null || claim.kind === "predicate"
    ? null
    : (claim.interval?.unit ?? claim.observed?.unit ?? null);

/**
 * Bars from bound to bound with the figure on them and the limit beside it, one for each run on a
 * common axis: an open end reaches the edge, a run without evidence stays empty, and a cut marks
 * where two runs do not measure the same. Empty text where no run has a number.
 */
export function seriesSvg(points: readonly SeriesPoint[], summary: string): string {
  const unit = points.map(unitOf).find((one) => one !== null);
  if (unit === undefined || unit === null) return "";
  const spans = points.map(({ claim }) => (claim === null ? null : spanOf(claim, unit)));
  const known = spans.flatMap((one) =>
    one === null ? [] : [one.lower, one.upper, one.observed, one.limit].filter((v) => v !== null),
  );
  if (known.length === 0) return "";
  const least = Math.min(...known);
  const most = Math.max(...known);
  const range = most - least || Math.abs(most) || 1;
  const y = (value: number): number =>
    Math.round((height - pad - ((value - least) / range) * (height - 2 * pad)) * 10) / 10;
  const drawn = spans.map((span, index) => {
    const x = pad + index * step + step / 2;
    const cut = points[index]?.isBroken === true ? cutAt(x - step / 2) : "";
    return span === null ? cut : `${cut}${barAt(x, span, y)}`;
  });
  const width = 2 * pad + points.length * step;
  const title = escapeHtml(summary);
  return `<svg class="series" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}"><title>${title}</title>${drawn.join("")}</svg>`;
}

const cutAt = (x: number): string =>
  `<path class="interval-end" stroke-dasharray="2 3" d="M${x} 0v${height}"/>`;

const limitAt = (x: number, y: number, isDeclared: boolean): string =>
  isDeclared
    ? `<rect class="interval-hollow interval-limit" x="${x - step / 2}" y="${y - 1.5}" width="${step}" height="3"/>`
    : `<path class="interval-limit" d="M${x - step / 2} ${y}h${step}"/>`;

function barAt(x: number, span: Span, y: (value: number) => number): string {
  const parts: string[] = [];
  if (span.lower !== null || span.upper !== null) {
    const top = span.upper === null ? 0 : y(span.upper);
    const bottom = span.lower === null ? height : y(span.lower);
    const tall = Math.max(1, Math.round((bottom - top) * 10) / 10);
    parts.push(`<rect class="interval-range" x="${x - 4}" y="${top}" width="8" height="${tall}"/>`);
  }
  if (span.limit !== null) {
    parts.push(limitAt(x, y(span.limit), span.isDeclared));
  }
  if (span.observed !== null) {
    parts.push(`<circle class="interval-point" cx="${x}" cy="${y(span.observed)}" r="3"/>`);
  }
  return parts.join("");
}
