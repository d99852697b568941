import {
  agrees,
  Collector,
  exactOf,
  isCount,
  isExact,
  quoteField,
  quoteStatement,
  shown,
  shownIn,
} from "../finding.ts";
import type { Amount, Field, LintRule, Quote, Report, Row, RuleResult } from "../types.ts";

const judged = /\b(?:pass(?:ed|es)?|succe\w+|ok|error|fail\w*|answered|lost)\b/i;
const otherMeaning =
  /\b(?:availability|uptime|confidence|ci|interval|bound|mean|average|avg|weighted|target|threshold|goal|slo|sla|limit|objective|required|at least|budget|percentile|estimated|of the time|faster|slower|expected|projected)\b|\bp\d\d/i;
const counted =
  /\b(?:requests?|samples?|calls?|queries|trials?|attempts?|runs?|tests?|checks?|messages?|probes?|cases)\b/i;
const clock =
  /\b(?:clock|timer|timestamps?|probe|measure\w*) (?:resolution|granularity)\b|\bresolution of the (?:clock|timer|probe)\b/i;
const single = /\bp\d{2}(?:[.,]\d{1,3})?\b|\bmedian\b|\b(?:min|max)(?:imum)?\b/i;

/** The two shares of n things nearest to a percentage, when neither is what it shows. */
function missedShares(percent: Amount, n: number): readonly [number, number] | null {
  const below = Math.floor((percent.value * n) / 100);
  const shares = [below, below + 1].map((k) => (100 * Math.min(k, n)) / n);
  const [low = 0, high = 0] = shares;
  return shares.some((one) => agrees(percent, one)) ? null : [low, high];
}

interface Share {
  readonly percent: Amount;
  readonly n: Amount;
  readonly quotes: readonly [Quote, Quote, ...Quote[]];
}

function judge({ percent, n, quotes }: Share, out: Collector): void {
  if (n.value < 1 || percent.value > 100) return;
  out.check(percent, n);
  const near = missedShares(percent, n.value);
  if (near === null) return;
  const [low, high] = near.map((one) => `${shown(one)} %`);
  out.add({
    message: `no whole number of ${n.value} is ${percent.text}: the nearest are ${low} and ${high}`,
    recomputed: `${low} or ${high}`,
    quotes,
  });
}

/** The one count of a row of which its percentage is said, when no other count decides it. */
function wholeOf(row: Row): Field | null {
  if (row.fields.some((one) => ["passed", "failed", "open"].includes(one.role))) return null;
  const wholes = row.fields.filter(
    (one) =>
      one.role === "total" || (counted.test(one.name) && !/\b(?:per|rate)\b/i.test(one.name)),
  );
  const [whole, second] = wholes;
  return whole === undefined || second !== undefined ? null : whole;
}

function checkRow(row: Row, out: Collector): void {
  if (row.isTotal || otherMeaning.test(row.label)) return;
  const rates = row.fields.filter(({ role }) => role === "rate" || role === "badRate");
  const whole = rates.length === 0 ? null : wholeOf(row);
  const n = exactOf(whole ?? undefined);
  if (whole === null || n === null || !isCount(n)) return;
  for (const field of rates) {
    const percent = exactOf(field);
    if (percent?.dimension !== "percent") continue;
    if (!judged.test(field.name) || otherMeaning.test(field.name)) continue;
    judge({ percent, n, quotes: [quoteField(row, field), quoteField(row, whole)] }, out);
  }
}

/** Whether the sentence says of how many the percentage is, and names them. */
function isOf(text: string, percent: Amount, n: Amount): boolean {
  const before = text.slice(Math.max(0, n.start - 20), n.start);
  if (/\bn ?[=:] ?$/i.test(before)) return n.start > percent.end;
  if (!counted.test(text.slice(n.end, n.end + 16))) return false;
  if (n.start > percent.end) {
    // "over 300 requests" says from how many it was taken, not that there were more.
    const between = text.slice(percent.end, n.start);
    const isPart = /^ ?(?:of|from|in|over|across) (?:all |the )?$/.test(between);
    return isPart && (n.comparator === "=" || between.endsWith("over "));
  }
  const between = text.slice(n.end, percent.start);
  return /\b(?:of|in|from|across) (?:all |the )?$/i.test(before) && /^ \w+,? $/.test(between);
}

/** "99.95 % of 300 requests succeeded". */
function checkText(text: string, amounts: readonly Amount[], quote: Quote, out: Collector): void {
  if (!judged.test(text) || otherMeaning.test(text)) return;
  const [percent, second] = amounts.filter((one) => one.dimension === "percent");
  const [n, other] = amounts.filter((one) => isCount(one) && one.of === undefined);
  if (percent === undefined || second !== undefined || !isExact(percent)) return;
  if (n === undefined || other !== undefined || n.upper !== undefined) return;
  if (!isOf(text, percent, n)) return;
  const own = ({ line, text: said }: Amount): Quote => ({ line, text: said });
  judge({ percent, n, quotes: [quote, own(percent), own(n)] }, out);
}

interface Tick {
  readonly amount: Amount;
  readonly quote: Quote;
}

/** What the report says its clock can tell apart; null when it says nothing, or two things. */
function tickOf(report: Report): Tick | null {
  const inFields = report.grids.flatMap(({ rows }) =>
    rows.flatMap((row) =>
      row.fields
        .filter((field) => clock.test(`${row.label} ${field.name}`))
        .map((field) => ({ amounts: field.amounts, quote: quoteField(row, field) })),
    ),
  );
  const spoken = report.statements.flatMap((one) =>
    clock.test(one.text) ? [{ amounts: one.amounts, quote: quoteStatement(one) }] : [],
  );
  const told = [...inFields, ...spoken].flatMap(({ amounts, quote }): Tick[] => {
    const [amount, second] = amounts;
    const isOne = amount?.dimension === "time" && second === undefined && amount.value > 0;
    return isOne ? [{ amount, quote }] : [];
  });
  const [tick] = told;
  return told.some((one) => one.amount.value !== tick?.amount.value) ? null : (tick ?? null);
}

/** One timing of many, shown finer than the clock that took it: only a mean may be. */
function checkTick(report: Report, { amount: tick, quote }: Tick, out: Collector): void {
  for (const { rows } of report.grids) {
    for (const row of rows) {
      for (const field of row.fields) {
        const one = exactOf(field);
        const isSingle = single.test(`${row.label} ${field.name}`) && field.role !== "target";
        if (one?.dimension !== "time" || !isSingle) continue;
        out.check(one, tick);
        const off = Math.abs(one.value - tick.value * Math.round(one.value / tick.value));
        if (off <= one.half + 1e-9) continue;
        out.add({
          message: `${one.text} cannot be told by a clock of ${tick.text}`,
          recomputed: `steps of ${shownIn(tick.value, tick)}`,
          quotes: [quoteField(row, field), quote],
        });
      }
    }
  }
}

function run(report: Report): RuleResult {
  const out = new Collector("precision", "contradiction");
  for (const { rows } of report.grids) for (const row of rows) checkRow(row, out);
  for (const one of report.statements) {
    checkText(one.text, one.amounts, quoteStatement(one), out);
  }
  const tick = tickOf(report);
  if (tick !== null) checkTick(report, tick, out);
  return out;
}

export const precisionRule: LintRule = {
  id: "precision",
  summary: "a figure finer than its samples or its clock can give",
  level: "contradiction",
  saboteur: {
    text: "| Route | Requests | Success rate |\n|---|---|---|\n| chat | 150 | 99.97 % |\n| embed | 400 | 99.75 % |\n\nThe timer resolution was 1 ms.\n\n| Metric | Measured |\n|---|---|\n| Median latency | 12.41 ms |\n",
    clean:
      "| Route | Requests | Success rate |\n|---|---|---|\n| chat | 150 | 99.33 % |\n| embed | 400 | 99.75 % |\n\nThe timer resolution was 1 ms.\n\n| Metric | Measured |\n|---|---|\n| Median latency | 12 ms |\n",
  },
  run,
};
