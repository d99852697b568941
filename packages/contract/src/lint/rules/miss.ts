import { directionOf, misses, onlyAmount } from "../facts/direction.ts";
import { Collector, isAside, quoteField, quoteStatement, shownIn } from "../finding.ts";
import type { Amount, Field, LintRule, Report, Row, RuleResult, Statement } from "../types.ts";

interface Judged {
  readonly value: Field;
  readonly target: Field;
  readonly status: Field;
}

/** The measured value, its target and the verdict of one row, when each is there once. */
function judgedOf(row: Row): Judged | null {
  const of = (role: string): Field[] =>
    row.fields.filter((one) => one.role === role && one.cell.text !== "");
  const targets = of("target").filter((one) => one.amounts.length === 1);
  const values = of("value").filter((one) => one.amounts.length === 1);
  const others = row.fields.filter(
    (one) =>
      /^(?:quantile|rate|badRate|other|duration|passed|score)$/.test(one.role) &&
      one.amounts.length === 1,
  );
  const status =
    row.fields.find((one) => one.role === "status" && one.status !== null) ??
    row.fields.find(
      (one) =>
        one.status !== null &&
        one.amounts.length === 0 &&
        !/^(?:true|false|yes|no)$/i.test(one.cell.text),
    );
  const [target, secondTarget] = targets;
  const [value, secondValue] = values.length > 0 ? values : others;
  if (target === undefined || value === undefined || status === undefined) return null;
  return secondTarget !== undefined || secondValue !== undefined ? null : { value, target, status };
}

function comparable(value: Amount, limit: Amount): boolean {
  if (value.of !== undefined || limit.of !== undefined) return false;
  return (
    value.dimension === limit.dimension &&
    (value.dimension !== "count" || value.unit === limit.unit)
  );
}

/** The limit as the row words it elsewhere, `>= 95 %`: a name alone may mislead. */
function saidBound(row: Row, limit: Amount): Amount {
  if (limit.comparator !== "=") return limit;
  const said = row.fields
    .flatMap((one) => one.amounts)
    .find((one) => one.comparator !== "=" && comparable(one, limit) && one.value === limit.value);
  return said === undefined ? limit : { ...limit, comparator: said.comparator };
}

function checkRow(row: Row, out: Collector): void {
  const judged = judgedOf(row);
  if (judged === null) return;
  const value = onlyAmount(judged.value);
  const limit = onlyAmount(judged.target);
  if (value === null || limit === null || value.comparator !== "=" || !comparable(value, limit))
    return;
  const names = `${row.label} ${judged.target.name} ${judged.value.name}`;
  const direction = directionOf(names, saidBound(row, limit));
  if (direction === null) return;
  out.check(value, limit);
  if (judged.status.status !== "good" || !misses(value, limit, direction)) return;
  out.add({
    message: `"${row.label}" is ${judged.value.cell.text}, misses ${judged.target.cell.text} and is marked ${judged.status.cell.text}`,
    recomputed: `off by ${shownIn(Math.abs(value.value - limit.value), limit)}`,
    quotes: [
      quoteField(row, judged.value),
      quoteField(row, judged.target),
      quoteField(row, judged.status),
    ],
  });
}

const limitWord = /\b(?:target|limit|slo|sla|threshold|goal|objective|budget|requirement)\b/i;
const goodWord =
  /\b(?:meets|met|within|passed|pass|satisf\w+|achieved|ok|under|below|above|exceeds)\b|[\u2713\u2714\u2705]/i;
const badWord =
  /\b(?:not|miss\w*|fail\w*|breach\w*|violat\w*|exceed\w* the (?:limit|target|budget)|over budget|short of|previous\w*|was|were|but|however|from)\b|[\u274c\u2717\u2718]/i;

/** "p95 is 250 ms, within the target of 200 ms": one value, one limit, called good. */
function checkStatement(one: Statement, out: Collector): void {
  if (!limitWord.test(one.text) || !goodWord.test(one.text) || badWord.test(one.text)) return;
  const [first, second, third] = one.amounts.filter((a) => a.dimension !== "count");
  if (first === undefined || second === undefined || third !== undefined) return;
  const isFirstLimit = limitWord.test(one.text.slice(Math.max(0, first.start - 24), first.start));
  const [limit, value] = isFirstLimit ? [first, second] : [second, first];
  const near = one.text.slice(Math.max(0, limit.start - 32), limit.end + 24);
  if (!limitWord.test(near) || value.comparator !== "=" || !comparable(value, limit)) return;
  const direction = directionOf(one.text.slice(0, 300), { ...limit, comparator: limit.comparator });
  if (direction === null) return;
  out.check(value, limit);
  if (!misses(value, limit, direction)) return;
  out.add({
    message: `${value.text} is said to keep ${limit.text} and does not`,
    recomputed: `off by ${shownIn(Math.abs(value.value - limit.value), limit)}`,
    quotes: [
      quoteStatement(one),
      { line: value.line, text: value.text },
      { line: limit.line, text: limit.text },
    ],
  });
}

function run(report: Report): RuleResult {
  const out = new Collector("miss", "contradiction");
  for (const grid of report.grids) {
    for (const row of grid.rows) checkRow(row, out);
  }
  for (const one of report.statements) if (!isAside(one.section)) checkStatement(one, out);
  return out;
}

export const missRule: LintRule = {
  id: "miss",
  summary: "a value that misses its own target and is marked good",
  level: "contradiction",
  saboteur: {
    text: "| Metric | Target | Measured | Status |\n|---|---|---|---|\n| p95 latency | < 200 ms | 250 ms | PASS |\n",
    clean:
      "| Metric | Target | Measured | Status |\n|---|---|---|---|\n| p95 latency | < 200 ms | 150 ms | PASS |\n",
  },
  run,
};
