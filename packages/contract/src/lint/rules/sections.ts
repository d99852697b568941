import { type Judged, judgedUnder, type VerdictsOf, verdictsOf } from "../facts/judged.ts";
import { once } from "../facts/once.ts";
import {
  Collector,
  exactOf,
  isAside,
  isCount,
  quoteField,
  quoteRow,
  quoteStatement,
  shown,
} from "../finding.ts";
import type {
  Amount,
  Field,
  Grid,
  LintRule,
  Quote,
  Report,
  Row,
  RuleResult,
  Statement,
} from "../types.ts";

type CountRole = "total" | "passed" | "failed";
const roles: readonly CountRole[] = ["total", "passed", "failed"];

interface Detail {
  readonly sum: number;
  readonly figures: readonly Amount[];
  readonly fields: readonly (readonly [Row, Field])[];
}

const german: Readonly<Record<string, string>> = { prüfung: "check", anfrage: "request" };

function nounOf(name: string): string {
  const [, found = ""] =
    /\b(test|case|check|run|request|sample|scenario|query|message|record|step|claim|drill|probe|pr\u00fcfung|anfrage)/i.exec(
      name,
    ) ?? [];
  const noun = found.toLowerCase();
  return german[noun] ?? noun;
}

/** Counted in thousands by a load; what passed of a report's checks is none of it. */
const traffic: ReadonlySet<string> = new Set(["request", "sample", "query", "message", "record"]);
/** In place of a noun: of a sentence that says no word of what it counts. */
const unsaid = "?";

/** Whether a column counts other things; `counted` is the noun of the total beside it. */
function isOfOthers(noun: string, own: string, counted: string): boolean {
  if (noun === unsaid) return traffic.has(own) || traffic.has(counted);
  if (noun === "") return false;
  return own === "" ? traffic.has(counted) && counted !== noun : own !== noun;
}

/** The sum of one role's column over the rows of a table. */
function detailOf(grid: Grid, role: CountRole, noun: string): Detail | null {
  const rows = grid.rows.filter((row) => !row.isTotal);
  const fields = rows.flatMap((row) => {
    const found = row.fields.filter((field) => field.role === role);
    const [field] = found;
    return field === undefined || found.length > 1 ? [] : [[row, field] as const];
  });
  const figures = fields.flatMap(([, field]) => exactOf(field) ?? []);
  if (fields.length < rows.length || figures.length < fields.length || figures.length < 2)
    return null;
  const [[row, field] = []] = fields;
  const total = row?.fields.find((one) => one.role === "total");
  const isOther = isOfOthers(noun, nounOf(field?.name ?? ""), nounOf(total?.name ?? ""));
  if (!figures.every(isCount) || isOther) return null;
  return { sum: figures.reduce((all, one) => all + one.value, 0), figures, fields };
}

/** What the tables of a report say of one role and noun together. */
interface Together {
  readonly sum: number;
  /** Sums of the tables, each on its own. */
  readonly sums: ReadonlySet<number>;
  readonly figures: readonly Amount[];
  /** The first of the rows. */
  readonly quotes: readonly Quote[];
}

type TogetherOf = (role: CountRole, noun: string) => Together;

/** Read once for each role and noun, however many summaries there are. */
function togetherOf(report: Report): TogetherOf {
  const grids = report.grids.filter((grid) => grid.rows.length >= 2 && !isAside(grid.section));
  const byRole = once((role: CountRole) =>
    once((noun: string): Together => {
      const details = grids.flatMap((grid) => detailOf(grid, role, noun) ?? []);
      const fields = details.flatMap((one) => one.fields);
      return {
        sum: details.reduce((all, one) => all + one.sum, 0),
        sums: new Set(details.map((one) => one.sum)),
        figures: details.flatMap((one) => one.figures),
        quotes: fields.slice(0, 31).map((one) => quoteField(...one)),
      };
    }),
  );
  return (role, noun) => byRole(role)(noun);
}

const headline =
  /^(?:|summary|overall|results?|in short|total|overview|test summary|executive summary)$/i;

const isHeadline = (grid: Grid): boolean =>
  grid.rows.length === 1 && headline.test(grid.rows[0]?.label ?? "x") && !isAside(grid.section);

function checkHeadline(together: TogetherOf, row: Row, out: Collector): void {
  const counted = row.fields.filter(
    (field) => field.role === "total" || field.role === "passed" || field.role === "failed",
  );
  if (counted.length < 2) return;
  for (const role of roles) {
    const [field, second] = counted.filter((one) => one.role === role);
    const stated = exactOf(field);
    if (field === undefined || second !== undefined || stated === null || !isCount(stated))
      continue;
    // `n` and `bad` alone do not say what they count.
    if (/^(?:n|count|bad|good|sent|executed)$/i.test(field.name)) continue;
    const { sum, sums, figures, quotes } = together(role, nounOf(field.name));
    const [first, ...others] = quotes;
    if (first === undefined) continue;
    out.check(stated);
    out.checkList(figures);
    if (stated.value === sum || sums.has(stated.value)) continue;
    out.add({
      message: `the summary has "${field.name}" ${stated.text}, the tables add up to ${shown(sum)}`,
      recomputed: shown(sum),
      quotes: [quoteField(row, field), first, ...others],
    });
  }
}

const allGood =
  /\ball (?:of the )?(?:\d{1,5} )?(?:tests|checks|cases|criteria|claims|drills|scenarios|gates|requirements|targets|components|services)(?: (?:have|has|were|are|was))?(?: \w{1,12})? (?:passed|pass|met|green|successful|succeeded|healthy|ok)\b/i;
const conditional =
  /\b(?:not|if|when|unless|until|once|must|should|except|but|aim|goal|target|required)\b/i;

/** "All checks passed" beside a row that did not. */
function checkAll(under: ReadonlyMap<string | null, Judged>, one: Statement, out: Collector): void {
  if (!allGood.test(one.text) || conditional.test(one.text) || isAside(one.section)) return;
  // A claim deep in the report speaks of its own section alone.
  const judged = under.get(one.section.titles[1] ?? null);
  if (judged === undefined || judged.count === 0) return;
  out.check(...one.amounts);
  out.checkList(judged.figures);
  for (const [row, field] of judged.bad) {
    if (out.isFull) return;
    out.add({
      message: `"${row.label}" did not pass, yet all are said to have passed`,
      recomputed: `"${row.label}": ${field.cell.text}`,
      quotes: [quoteStatement(one), quoteRow(row)],
    });
  }
}

/** "All 250 tests passed: 241 passed, 6 failed" in one sentence. */
function checkOwnCounts(own: readonly Grid[], one: Statement, out: Collector): void {
  if (!allGood.test(one.text) || conditional.test(one.text) || isAside(one.section)) return;
  for (const row of own.flatMap((grid) => grid.rows)) {
    const field = row.fields.find(({ role }) => role === "failed");
    const failed = exactOf(field);
    if (field === undefined || failed === null || !isCount(failed)) continue;
    out.check(failed);
    if (failed.value === 0) continue;
    out.add({
      message: `${failed.text} failed, yet all are said to have passed`,
      recomputed: `${failed.text} failed`,
      quotes: [quoteStatement(one), quoteField(row, field)],
    });
  }
}

/** "9 of 10 checks passed" beside one table of ten verdicts. */
function checkShare(verdicts: VerdictsOf, one: Statement, out: Collector): void {
  const [share, second] = one.amounts.filter((a) => a.of !== undefined);
  if (
    share?.of === undefined ||
    second !== undefined ||
    !/\b(?:passed|pass|met|successful|bestanden)\b/i.test(one.text)
  )
    return;
  if (isAside(one.section) || conditional.test(one.text)) return;
  const { all, unlike } = verdicts(share.of);
  if (all === 0) return;
  out.check(share);
  if (out.isFull) return;
  for (const { count, good, quotes } of unlike(share.value)) {
    const [first, ...others] = quotes;
    if (first === undefined || out.isFull) return;
    out.add({
      message: `${share.text} are said to have passed, the table shows ${good}`,
      recomputed: `${good} of ${count}`,
      quotes: [quoteStatement(one), first, ...others],
    });
  }
}

/** What stands before the figure of a whole; "Summary of the API suite:" is of a part. */
const overallWords =
  /^\W{0,4}(?:overall|(?:grand |in )?totals?|altogether|all in all|summary|gesamt|insgesamt)(?:[^\p{L}\d]{1,10}(?:results?|status|tests?|checks?|there|we|are|were|have|had|ergebnis|sind|wurden))*[^\p{L}\d]*$/iu;
const passedAfter =
  /^\s?(?:of the )?(\p{L}+(?: \p{L}+)?)? ?(?:have |has |were |are )?(?:passed|pass|passing|succeeded|successful|bestanden|erfolgreich)(?!\p{L})/iu;

interface Counted {
  readonly together: TogetherOf;
  /** Whether a table counts things of that name. */
  countsNamed(name: string): boolean;
}

/** How many of how many are said to have passed in all, and of what; null for any other sentence. */
function overallShare(one: Statement): { share: Amount; of: number; called: string } | null {
  const [share, second] = one.amounts.filter((a) => a.of !== undefined);
  if (share?.of === undefined || second !== undefined || share.comparator !== "=") return null;
  const isWhole = overallWords.test(one.text.slice(0, share.start));
  if (!isWhole || isAside(one.section) || conditional.test(one.text)) return null;
  const after = passedAfter.exec(one.text.slice(share.end, share.end + 60));
  return after === null ? null : { share, of: share.of, called: (after[1] ?? "").toLowerCase() };
}

/** "Overall: 42 of 43 tests passed" beside tables that count what passed. */
function checkCounted({ together, countsNamed }: Counted, one: Statement, out: Collector): void {
  const said = overallShare(one);
  if (said === null) return;
  const { share, of, called } = said;
  const noun = called === "" ? unsaid : nounOf(called);
  // "3 of 4 suites" are not the tests that a table counts.
  if (noun === "" && !countsNamed(called)) return;
  const all = together("total", noun);
  if (all.quotes.length === 0) return;
  const rows = [
    ["in all", of, all],
    ["passed", share.value, together("passed", noun)],
  ] as const;
  for (const [what, value, { sum, sums, figures, quotes }] of rows) {
    const [first, ...others] = quotes;
    if (first === undefined) continue;
    out.check(share);
    out.checkList(figures);
    if (value === sum || sums.has(value)) continue;
    out.add({
      message: `the summary has ${share.text} passed, the tables add up to ${shown(sum)} ${what}`,
      recomputed: shown(sum),
      quotes: [quoteStatement(one), first, ...others],
    });
  }
}

function run(report: Report): RuleResult {
  const out = new Collector("sections", "contradiction");
  const together = togetherOf(report);
  for (const grid of report.grids.filter(isHeadline))
    for (const row of grid.rows) checkHeadline(together, row, out);
  const under = judgedUnder(report);
  const verdicts = verdictsOf(report);
  const lone = report.grids.filter(({ rows }) => rows.length === 1);
  const countsNamed = once((name: string) =>
    report.grids.some(({ rows }) =>
      rows[0]?.fields.some((field) => field.name.toLowerCase().includes(name)),
    ),
  );
  const byLine = Map.groupBy(lone, ({ line }) => line);
  for (const one of report.statements) {
    checkAll(under, one, out);
    checkOwnCounts(byLine.get(one.line) ?? [], one, out);
    checkShare(verdicts, one, out);
    checkCounted({ together, countsNamed }, one, out);
  }
  return out;
}

export const sectionsRule: LintRule = {
  id: "sections",
  summary: "a summary that the tables below it do not add up to",
  level: "contradiction",
  saboteur: {
    text: "Summary: 30 tests, 29 passed, 1 failed.\n\n| Suite | Tests | Passed | Failed |\n|---|---|---|---|\n| API | 20 | 19 | 1 |\n| UI | 12 | 12 | 0 |\n",
    clean:
      "Summary: 32 tests, 31 passed, 1 failed.\n\n| Suite | Tests | Passed | Failed |\n|---|---|---|---|\n| API | 20 | 19 | 1 |\n| UI | 12 | 12 | 0 |\n",
  },
  run,
};
