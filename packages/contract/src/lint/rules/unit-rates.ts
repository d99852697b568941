import {
  type Collector,
  exactOf,
  isAside,
  isCount,
  isExact,
  quoteField,
  quoteStatement,
  shown,
  shownIn,
} from "../finding.ts";
import type { Amount, Field, Quote, Report, Row, Section, Statement } from "../types.ts";

/** How far a rate may be from count by time: ramps, drains and rounding stay within. */
const factorMax = 2;
const sent = /\b(?:requests?|calls?|messages?|queries|events|transactions|samples)\b/i;
const partial =
  /\b(?:peak|max\w*|target|limit|goal|burst|warm-?up|per (?:user|worker|client|node|pod|key|instance)|each|p\d\d|latency|timeout|interval|users)\b/i;

interface Rated {
  readonly count: Amount;
  readonly time: Amount;
  readonly rate: Amount;
  readonly quotes: readonly [Quote, Quote, ...Quote[]];
}

/** A count, the time it took and its rate: any two give the third. */
function judge({ count, time, rate, quotes }: Rated, out: Collector): void {
  if (count.value <= 0 || time.value <= 0 || rate.value <= 0) return;
  out.check(count, time, rate);
  const exact = count.value / (time.value / 1_000);
  const ratio = Math.max(exact / rate.value, rate.value / exact);
  if (ratio < factorMax) return;
  out.add({
    message: `${count.text} in ${time.text} is ${shown(exact)}/s, not ${rate.text}`,
    recomputed: shownIn(exact, rate),
    quotes,
  });
}

function checkStatement(one: Statement, out: Collector): void {
  if (one.amounts.length !== 3 || partial.test(one.text) || !sent.test(one.text)) return;
  if (one.amounts.some((amount) => !isExact(amount))) return;
  const count = one.amounts.find((amount) => isCount(amount));
  const time = one.amounts.find(({ dimension }) => dimension === "time");
  const rate = one.amounts.find(({ dimension }) => dimension === "rate");
  if (count === undefined || time === undefined || rate === undefined) return;
  if (!/\b(?:in|over|within|during|for|took)\b/i.test(one.text)) return;
  const own = ({ line, text }: Amount): Quote => ({ line, text });
  judge({ count, time, rate, quotes: [quoteStatement(one), own(rate)] }, out);
}

/** The one field of a row that is exact, of this kind and not of a part of the run. */
function fieldOf(row: Row, is: (amount: Amount, field: Field) => boolean): Field | null {
  const fields = row.fields.filter((field) => {
    const amount = exactOf(field);
    return amount !== null && !partial.test(field.name) && is(amount, field);
  });
  const [field, second] = fields;
  return field === undefined || second !== undefined ? null : field;
}

function checkRow(row: Row, out: Collector): void {
  if (row.isTotal || partial.test(row.label)) return;
  const count = fieldOf(row, (one, { name }) => isCount(one) && sent.test(name));
  const time = fieldOf(row, (one, { role }) => one.dimension === "time" && role === "duration");
  const rate = fieldOf(row, (one) => one.dimension === "rate");
  const [n, ms, perSecond] = [count, time, rate].map((field) => exactOf(field ?? undefined));
  if (count === null || time === null || rate === null || !n || !ms || !perSecond) return;
  const quotes = [quoteField(row, rate), quoteField(row, count), quoteField(row, time)] as const;
  judge({ count: n, time: ms, rate: perSecond, quotes }, out);
}

interface NamedRate {
  readonly isBad: boolean;
  readonly percent: Amount;
  readonly quote: Quote;
  readonly section: Section;
}

const ratesOf = (report: Report): NamedRate[] =>
  report.grids.flatMap(({ rows, section }) =>
    isAside(section)
      ? []
      : rows.flatMap((row) =>
          row.fields.flatMap((field): NamedRate[] => {
            const percent = exactOf(field);
            const name = /^(error|failure|success|pass) rate$/i.exec(
              (row.label === "" ? field.name : row.label).trim(),
            );
            if (percent?.dimension !== "percent" || name === null) return [];
            if (field.role === "target" || field.role === "change") return [];
            const isBad = /^(?:error|failure)$/i.test(name[1] ?? "");
            return [{ isBad, percent, quote: quoteField(row, field), section }];
          }),
        ),
  );

/** A success rate of 0.995 % beside an error rate of 0.5 %: one of them is a fraction. */
function checkFractions(report: Report, out: Collector): void {
  const rates = ratesOf(report);
  const good = rates.filter(({ isBad }) => !isBad);
  const bad = rates.filter(({ isBad }) => isBad);
  const [success, error] = [good[0], bad[0]];
  if (good.length !== 1 || bad.length !== 1 || !success || !error) return;
  out.check(success.percent, error.percent);
  const slack = 100 * success.percent.half + error.percent.half + 1e-9;
  const isGoodSlip =
    success.percent.value <= 1 &&
    Math.abs(100 * success.percent.value + error.percent.value - 100) <= slack;
  const isBadSlip =
    success.percent.value > 50 &&
    error.percent.value > 0 &&
    Math.abs(success.percent.value + 100 * error.percent.value - 100) <= success.percent.half;
  if (!isGoodSlip && !isBadSlip) return;
  const [slipped, other] = isGoodSlip ? [success, error] : [error, success];
  out.add({
    message: `${slipped.percent.text} beside ${other.percent.text}: a fraction shown as per cent`,
    recomputed: `${shown(100 * slipped.percent.value)} %`,
    quotes: [slipped.quote, other.quote],
  });
}

/** Finds rates that their own counts and times contradict, and fractions shown as per cent. */
export function checkRates(report: Report, out: Collector): void {
  for (const { rows, section } of report.grids) {
    if (!isAside(section)) for (const row of rows) checkRow(row, out);
  }
  for (const one of report.statements) if (!isAside(one.section)) checkStatement(one, out);
  checkFractions(report, out);
}
