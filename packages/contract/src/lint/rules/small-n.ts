import { samplesNeeded } from "../../statistics/sampling.ts";
import { Collector, exactOf, isCount, quoteField, quoteRow, quoteStatement } from "../finding.ts";
import type {
  Amount,
  Field,
  Grid,
  LintRule,
  Report,
  Row,
  RuleResult,
  Section,
  Statement,
} from "../types.ts";

const quantile = /\bp(\d{2}(?:[.,]\d{1,2})?)\b/i;
const samples = /\b(?:requests?|samples?|calls?|queries|measurements?|observations?|runs?|n)\b/i;

/** A cell with more words than this tells a story, not a count. */
const cellMax = 40;
const undecided = /\b(?:inconclusive|not[ _]tested|undecided|too few|not enough|insufficient)\b/i;

/** Samples without which a percentile is not bounded at 95 %; null below p90. */
function neededFor(name: string): { needed: number; called: string } | null {
  const found = quantile.exec(name);
  const level = Number((found?.[1] ?? "").replace(",", ".")) / 100;
  if (found === null || !(level >= 0.9 && level < 1)) return null;
  const needed = samplesNeeded(0, level, 0.95);
  return needed === null ? null : { needed, called: found[0].toLowerCase() };
}

function countIn(row: Row): Field | undefined {
  return row.fields.find((one) => {
    const amount = exactOf(one);
    return (
      amount !== null &&
      isCount(amount) &&
      // The dots of an identifier make no count of what stands in it.
      !/\w\.\w/.test(one.name) &&
      one.cell.text.length <= cellMax &&
      (one.role === "total" || samples.test(one.name)) &&
      !/\b(?:per|rate|concurren\w*|users)\b/i.test(one.name)
    );
  });
}

/** The row's first time that is no target. */
function timeIn(row: Row): Field | undefined {
  return row.fields.find(
    (one) => one.role !== "target" && one.amounts.some((a) => a.dimension === "time"),
  );
}

function checkRow(row: Row, out: Collector): void {
  const count = countIn(row);
  const n = exactOf(count);
  if (count === undefined || n === null) return;
  // A row that says itself that it decides nothing claims no percentile.
  if (undecided.test(row.excerpt)) return;
  for (const field of row.fields) {
    const isFigure = field.amounts.some((one) => one.dimension === "time");
    const need = isFigure ? neededFor(field.name) : null;
    if (need !== null)
      judge(
        { need, n, figure: field.amounts },
        [quoteField(row, field), quoteField(row, count)],
        out,
      );
  }
  const need = neededFor(row.label);
  const time = timeIn(row);
  if (need !== null && time !== undefined) {
    judge({ need, n, figure: time.amounts }, [quoteRow(row), quoteField(row, count)], out);
  }
}

interface Sampled {
  readonly need: { readonly needed: number; readonly called: string };
  readonly n: Amount;
  readonly figure: readonly Amount[];
}

function judge(
  one: Sampled,
  quotes: [ReturnType<typeof quoteRow>, ReturnType<typeof quoteRow>],
  out: Collector,
): void {
  out.check(one.n, ...one.figure);
  // No sample at all is no figure either: such a row says that nothing was measured.
  if (one.n.value === 0 || one.n.value >= one.need.needed) return;
  const { needed, called } = one.need;
  out.add({
    message: `${called} from ${one.n.value} samples: at least ${needed} are needed at 95 %`,
    recomputed: `${needed} samples`,
    quotes,
  });
}

/** `60 requests` or `over 60 requests`, where "over" says from what the figure was taken. */
function isSampleCount(a: Amount, text: string): boolean {
  if (!isCount(a) || a.upper !== undefined || a.of !== undefined) return false;
  const isOver =
    a.comparator === ">" && /\bover\s?$/i.test(text.slice(Math.max(0, a.start - 6), a.start));
  if (a.comparator !== "=" && !isOver) return false;
  // "12 more requests" are those that were not sent.
  if (/^ more\b/i.test(text.slice(a.end, a.end + 6))) return false;
  return samples.test(text.slice(Math.max(0, a.start - 14), a.end + 14));
}

function checkStatement(one: Statement, out: Collector): void {
  const need = neededFor(one.text);
  if (need === null || undecided.test(one.text)) return;
  const counts = one.amounts.filter((a) => isSampleCount(a, one.text));
  const times = one.amounts.filter((a) => a.dimension === "time");
  const [n, second] = counts;
  if (n === undefined || second !== undefined || times.length === 0) return;
  judge({ need, n, figure: times }, [quoteStatement(one), { line: n.line, text: n.text }], out);
}

/** A row named by a percentile, without a count of its own. */
interface Percentile {
  readonly row: Row;
  readonly time: Field;
  readonly need: Sampled["need"];
  /** Place in the report. */
  readonly at: number;
}

/** Percentiles of one section, those that need most samples first, and their figures. */
interface Percentiles {
  readonly rows: Percentile[];
  readonly figures: Amount[];
}

function percentilesOf(report: Report): ReadonlyMap<Section, Percentiles> {
  const known = new Map<Section, Percentiles>();
  let at = 0;
  for (const { rows, section } of report.grids) {
    for (const row of rows) {
      const time = timeIn(row);
      const need = neededFor(row.label);
      if (need === null || time === undefined || countIn(row) !== undefined) continue;
      const own = known.get(section) ?? { rows: [], figures: [] };
      known.set(section, own);
      own.rows.push({ row, time, need, at: at++ });
      for (const amount of time.amounts) own.figures.push(amount);
    }
  }
  for (const own of known.values()) own.rows.sort((a, b) => b.need.needed - a.need.needed);
  return known;
}

/** `Samples: 40` in the same section as a table of percentiles. */
function checkSection(grid: Grid, percentiles: Percentiles, out: Collector): void {
  const [row] = grid.rows;
  if (row === undefined || grid.rows.length !== 1 || row.label !== "") return;
  const count = countIn(row);
  const n = exactOf(count);
  if (count === undefined || n === null || !samples.test(count.name)) return;
  out.check(n);
  out.checkList(percentiles.figures);
  // Every step is a finding: the first that needs no more ends it, and so does the last one kept.
  if (n.value === 0 || out.isFull) return;
  const end = percentiles.rows.findIndex(({ need }) => need.needed <= n.value);
  const short = percentiles.rows.slice(0, end < 0 ? undefined : end).sort((a, b) => a.at - b.at);
  for (const { row: one, time, need } of short) {
    judge({ need, n, figure: time.amounts }, [quoteField(one, time), quoteField(row, count)], out);
    if (out.isFull) return;
  }
}

function run(report: Report): RuleResult {
  const out = new Collector("small-n", "unsupported");
  const percentiles = percentilesOf(report);
  for (const grid of report.grids) {
    for (const row of grid.rows) checkRow(row, out);
    const own = percentiles.get(grid.section);
    if (own !== undefined) checkSection(grid, own, out);
  }
  for (const one of report.statements) checkStatement(one, out);
  return out;
}

export const smallSampleRule: LintRule = {
  id: "small-n",
  summary: "a percentile from fewer samples than can bound it",
  level: "unsupported",
  saboteur: {
    text: "| Route | Requests | p50 | p99 |\n|---|---|---|---|\n| chat | 50 | 90 ms | 210 ms |\n| embed | 400 | 20 ms | 45 ms |\n",
    clean:
      "| Route | Requests | p50 | p99 |\n|---|---|---|---|\n| chat | 500 | 90 ms | 210 ms |\n| embed | 400 | 20 ms | 45 ms |\n",
  },
  run,
};
