import {
  Collector,
  exactOf,
  isAside,
  isExact,
  quoteField,
  quoteStatement,
  shownIn,
} from "../finding.ts";
import type { Amount, LintRule, Quote, Report, RuleResult } from "../types.ts";

interface Named {
  readonly key: string;
  readonly amount: Amount;
  readonly quote: Quote;
}

const factors = [10, 60, 100, 1_000, 3_600];
const variable =
  /\b(?:before|after|baseline|previous|old|new|run|test|scenario|users|target|limit|max|min|phase|day|week)\b/i;

function keyOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/\([^()]{0,40}\)|\[[^[\]]{0,40}\]/g, " ")
    .replace(/[^a-z0-9.%]+/g, " ");
  return plain
    .replace(/\b(?:the|overall|measured|observed|actual|value|result|total|response|time)\b/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** Figures with a name that means one quantity wherever it stands. */
function namedOf(report: Report): Named[] {
  const cells = report.grids.flatMap((grid) => {
    if (isAside(grid.section)) return [];
    return grid.rows.flatMap((row) =>
      row.fields.flatMap((field): Named[] => {
        const amount = exactOf(field);
        if (amount === null || field.role === "target" || field.role === "change") return [];
        const isOwn =
          row.label === "" ||
          (row.fields.length > 1 && field.role === "value") ||
          row.fields.length === 1;
        const name =
          row.label === "" ? field.name : isOwn ? row.label : `${row.label} ${field.name}`;
        return variable.test(name)
          ? []
          : [{ key: keyOf(name), amount, quote: quoteField(row, field) }];
      }),
    );
  });
  const spoken = report.statements.flatMap((one): Named[] => {
    const subject =
      /\b(p\d{2}(?:\.\d{1,2})?(?: latency)?|error rate|throughput|availability)(?: (?:latency|response time))? (?:is|was|of|stayed at|at|reached|measured)\b/i.exec(
        one.text,
      );
    const amount = one.amounts.find((a) => subject !== null && a.start >= subject.index);
    if (subject === null || amount === undefined || !isExact(amount) || isAside(one.section))
      return [];
    const name =
      /^p\d/i.test(subject[1] ?? "") && !/latency/i.test(subject[1] ?? "")
        ? `${subject[1]} latency`
        : (subject[1] ?? "");
    return [{ key: keyOf(name), amount, quote: quoteStatement(one) }];
  });
  return [...cells, ...spoken].filter((one) => one.key.length >= 3 && one.amount.value > 0);
}

/** The factor between two figures of one name when it is that of a slipped unit. */
function slipOf(a: Amount, b: Amount): number | null {
  const digits = (one: Amount): string => one.text.replace(/[^\d]/g, "").replace(/^0+|0+$/g, "");
  const ratio = Math.max(a.value, b.value) / Math.min(a.value, b.value);
  if (a.dimension === b.dimension && a.dimension !== "count") {
    const factor = factors.find((one) => Math.abs(ratio / one - 1) < 1e-6);
    const isSame =
      factor !== undefined && (digits(a) === digits(b) || factor === 60 || factor === 3_600);
    return isSame ? factor : null;
  }
  // The same digits once as per cent and once as a fraction.
  const isMixed =
    (a.dimension === "percent" && b.dimension === "count") ||
    (a.dimension === "count" && b.dimension === "percent");
  const count = a.dimension === "count" ? a : b;
  return isMixed && count.half < 0.5 && count.value < 1 && Math.abs(ratio - 1) < 1e-9 ? 100 : null;
}

function run(report: Report): RuleResult {
  const out = new Collector("unit", "contradiction");
  const byKey = new Map<string, Named>();
  for (const one of namedOf(report)) {
    const other = byKey.get(one.key);
    if (other === undefined) {
      byKey.set(one.key, one);
      continue;
    }
    out.check(one.amount, other.amount);
    const factor = slipOf(other.amount, one.amount);
    if (factor === null || other.quote.line === one.quote.line) continue;
    out.add({
      message: `${one.key} is ${other.amount.text} in one place and ${one.amount.text} in another, a factor of ${factor}`,
      recomputed: `${shownIn(other.amount.value, other.amount)} and ${shownIn(one.amount.value, one.amount)}`,
      quotes: [other.quote, one.quote],
    });
  }
  return out;
}

export const unitRule: LintRule = {
  id: "unit",
  summary: "one quantity in two places, apart by the factor of a unit",
  level: "contradiction",
  saboteur: {
    text: "| Metric | Measured |\n|---|---|\n| p95 latency | 180 ms |\n| Throughput | 60 req/s |\n\nThe p95 latency was 180 s over the whole run.\n",
    clean:
      "| Metric | Measured |\n|---|---|\n| p95 latency | 180 ms |\n| Throughput | 60 req/s |\n\nThe p95 latency was 0.18 s over the whole run.\n",
  },
  run,
};
