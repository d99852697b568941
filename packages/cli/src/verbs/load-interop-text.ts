import type { ForeignRun } from "@loadline/validator";
import { cleanText } from "../terminal/clean-text.ts";

const seriesShown = 24;
const figuresShown = ["min", "avg", "med", "p(90)", "p(95)", "p(99)", "max"];

/** What another tool's results hold, its own words about itself apart from them. */
export function foreignText(run: ForeignRun): string {
  const version = run.version ?? "of unknown version";
  const at = run.measuredAt === null ? "" : `, measured ${run.measuredAt}`;
  const metrics = [...run.metrics.values()].filter(({ kind }) => kind !== "gauge");
  const rows = metrics.slice(0, seriesShown).map((metric) => {
    const n = metric.count === null ? "n unknown" : `n ${metric.count}`;
    const trues = metric.trues === null ? "" : `, true ${metric.trues}`;
    const unit = metric.isTime ? " ms" : "";
    const figures = figuresShown.flatMap((key) => {
      const value = metric.figures[key];
      return value === undefined ? [] : [`${key} ${Number(value.toPrecision(4))}${unit}`];
    });
    return `  ${metric.selector}  ${[`${n}${trues}`, ...figures].join("  ")}`;
  });
  const more = metrics.length - rows.length;
  const own = run.thresholds.map(
    ({ selector, expression, crossed }) =>
      `  ${selector} ${expression}  ${crossed ? "crossed" : "kept"}`,
  );
  const failures = run.failures.slice(0, 10).map(({ text, count }) => `  ${count} x ${text}`);
  const lines = [
    `${run.tool} ${version}, ${run.format}${at}`,
    ...rows,
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...(own.length > 0
      ? [`${run.tool} says of its own thresholds (shown, not believed):`, ...own]
      : []),
    ...(failures.length > 0 ? ["failures:", ...failures] : []),
    ...run.notes.map((note) => `note: ${note}`),
  ];
  return `${lines.map(indented).join("\n")}\n\n`;
}

/** Cleaned, with its indent kept. */
const indented = (line: string): string =>
  `${line.startsWith("  ") ? "  " : ""}${cleanText(line).trim()}`;
