import type { Figure, Interval } from "@loadline/contract";
import { formatFigure, formatInterval } from "../model/format.ts";
import { intervalScale, type IntervalScale } from "../model/interval-scale.ts";

interface IntervalBarProps {
  readonly interval: Interval | null;
  readonly observed: Figure | null;
  readonly limit: Figure | null;
}

const width = 200;
const middle = 11;
const x = (percent: number): number => 6 + (percent / 100) * (width - 12);

/**
 * Where the bound lies against the limit: limit tick, observed point, bound. Arrows are open ends,
 * a hollow tick is a declared limit, a hollow bar from 0 a value below its resolution.
 */
export function IntervalBar({ interval, observed, limit }: IntervalBarProps) {
  const scale = intervalScale(interval, observed, limit);
  if (scale === null) return <span class="no-evidence">- no interval -</span>;
  const summary = `observed ${formatFigure(observed)}, bound ${formatInterval(interval)}, limit ${formatFigure(limit)}`;
  return (
    <svg
      class="interval"
      preserveAspectRatio="xMinYMid"
      viewBox={`0 0 ${width} 22`}
      role="img"
      aria-label={summary}
    >
      <title>{summary}</title>
      <line class="interval-axis" x1="2" x2={width - 2} y1={middle} y2={middle} />
      <Bound scale={scale} />
      {scale.below === null ? null : (
        <rect
          class="interval-hollow interval-below"
          x={x(scale.below.from)}
          y={middle - 3}
          width={Math.max(2, x(scale.below.to) - x(scale.below.from))}
          height="6"
        />
      )}
      {scale.limit === null ? null : (
        <Limit at={x(scale.limit)} isDeclared={limit?.provenance === "declared"} />
      )}
      {scale.observed === null ? null : (
        <circle class="interval-point" cx={x(scale.observed)} cy={middle} r="4" />
      )}
    </svg>
  );
}

const Limit = ({ at, isDeclared }: { readonly at: number; readonly isDeclared: boolean }) =>
  isDeclared ? (
    <rect class="interval-hollow interval-limit" x={at - 1.75} y="1" width="3.5" height="20" />
  ) : (
    <path class="interval-limit" d={`M${at} 1v20`} />
  );

function Bound({ scale }: { readonly scale: IntervalScale }) {
  const from = x(scale.lower);
  const to = x(scale.upper);
  return (
    <>
      <rect
        class="interval-range"
        x={from}
        y={middle - 4}
        width={Math.max(1, to - from)}
        height="8"
      />
      {scale.openLower ? (
        <path class="interval-end" d={`M${from + 4} ${middle - 4}l-5 4 5 4`} />
      ) : (
        <path class="interval-end" d={`M${from} ${middle - 6}v12`} />
      )}
      {scale.openUpper ? (
        <path class="interval-end" d={`M${to - 4} ${middle - 4}l5 4-5 4`} />
      ) : (
        <path class="interval-end" d={`M${to} ${middle - 6}v12`} />
      )}
    </>
  );
}
