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
import { checkRates } from "./unit-rates.ts";

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
  const key = plain
    .replace(/\b(?:the|overall|measured|observed|actual|value|result|total|response|time)\b/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return /^p\d{2}(?:\.\d{1,2})?$/.test(key) ? `${key} latency` : key;
}

const subject =
  /\b(p\d{2}(?:\.\d{1,2})?(?: latency)?|error rate|throughput|availability|(?:median|mean|average) latency|memory(?: usage)?|cpu(?: usage)?)(?: (?:latency|response time))?(?: (?:is|was|of|stayed at|at|reached|measured|peaked at|stood at|came to)\b|:? (?=\d))/i;
const acting =
  /\b(?:(?:sustained|handled|served|processed|throughput of)|(recovery|failover|restore|backup|rollback) took)\b/i;

/** The quantity a sentence speaks of, and where its figure may begin. */
function spokenOf(text: string): { readonly name: string; readonly from: number } | null {
  const named = subject.exec(text);
  if (named !== null) {
    const name = named[1] ?? "";
    const isBare = /^p\d/i.test(name) && !/latency/i.test(name);
    return { name: isBare ? `${name} latency` : name, from: named.index + name.length };
  }
  const acted = acting.exec(text);
  if (acted === null || /\b(?:users|baseline|before|previous\w*|at \d|with \d)/i.test(text))
    return null;
  return { name: acted[1] ?? "throughput", from: acted.index };
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
    const found = isAside(one.section) ? null : spokenOf(one.text);
    const amount = one.amounts.find((a) => found !== null && a.start >= found.from);
    if (found === null || amount === undefined || !isExact(amount)) return [];
    return [{ key: keyOf(found.name), amount, quote: quoteStatement(one) }];
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
  checkRates(report, out);
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
