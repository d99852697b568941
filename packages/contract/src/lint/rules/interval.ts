import { wilson } from "../../statistics/bounds.ts";
import { Collector, quoteStatement, shown } from "../finding.ts";
import type { Amount, LintRule, Quote, Report, RuleResult } from "../types.ts";
import { checkValues } from "./interval-value.ts";

const named = /\b(?:ci|confidence|interval|credible)\b|\u00b1/i;

/** A cell with more words than this tells of more than one figure. */
const cellMax = 60;

interface Source {
  readonly text: string;
  readonly amounts: readonly Amount[];
  readonly quote: Quote;
}

/** How far a stated interval may be narrower than Wilson's: other exact methods stay within. */
const narrowest = 0.7;

function check(one: Source, out: Collector): void {
  if (!named.test(one.text)) return;
  const shares = one.amounts.filter((a) => a.of !== undefined && a.of > 0 && a.value <= a.of);
  const ranges = one.amounts.filter(
    (a) => a.upper !== undefined && (a.dimension === "percent" || a.value <= 1),
  );
  const [share] = shares;
  const [range] = ranges;
  if (
    share?.of === undefined ||
    range?.upper === undefined ||
    shares.length !== 1 ||
    ranges.length !== 1
  )
    return;
  out.check(share, range);
  const scale = range.dimension === "percent" ? 100 : 1;
  const { lower, upper } = wilson(share.value, share.of);
  const ratio = (scale * share.value) / share.of;
  const room = 2 * range.half;
  const isOutside = ratio < range.value - room || ratio > range.upper + room;
  const isNarrow =
    range.upper - range.value + room < narrowest * scale * (upper - lower) &&
    /\b95\b/.test(one.text);
  if (!isOutside && !isNarrow) return;
  const interval = `${shown(100 * lower)} % to ${shown(100 * upper)} %`;
  const why = isOutside ? "does not contain" : "is narrower than the 95 % interval of";
  out.add({
    message: `the interval ${range.text} ${why} ${share.text}; Wilson gives ${interval}`,
    recomputed: interval,
    quotes: [
      one.quote,
      { line: share.line, text: share.text },
      { line: range.line, text: range.text },
    ],
  });
}

function run(report: Report): RuleResult {
  const out = new Collector("interval", "contradiction");
  for (const one of report.statements)
    check({ text: one.text, amounts: one.amounts, quote: quoteStatement(one) }, out);
  for (const row of report.grids.flatMap((grid) => grid.rows)) {
    if (row.label === "" && row.fields.length > 8) continue;
    const text = `${row.label} ${row.fields.map((one) => `${one.name} ${one.cell.text}`).join(" ")}`;
    check(
      {
        text,
        amounts: row.fields.flatMap((one) => (one.cell.text.length <= cellMax ? one.amounts : [])),
        quote: { line: row.line, text: row.excerpt },
      },
      out,
    );
  }
  checkValues(report, out);
  return out;
}

export const intervalRule: LintRule = {
  id: "interval",
  summary:
    "a confidence interval that does not contain its own figure, or is far too narrow for it",
  level: "contradiction",
  saboteur: {
    text: "Recovery succeeded in 18/20 trials, 95 % confidence interval 89-91 %.\n",
    clean: "Recovery succeeded in 18/20 trials, 95 % confidence interval 70-97 %.\n",
  },
  run,
};
