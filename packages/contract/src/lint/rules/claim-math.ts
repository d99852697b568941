import { Collector, isExact, quoteStatement, shown } from "../finding.ts";
import type { Amount, LintRule, Report, RuleResult, Statement } from "../types.ts";

const changing =
  /\b(?:from\b.{1,60}\bto\b|faster|slower|improv\w*|reduc\w*|increas\w*|decreas\w*|better|worse|lower|higher|dropped|fell|rose|grew|speed-?up|cut)\b/i;
const unclear =
  /\b(?:points?|target|limit|confidence|about|goal|cpu|memory|of (?:requests|users|traffic))\b/i;

/** Every reading of "n % better" and "n times" for two values. */
function changesOf(
  from: Amount,
  to: Amount,
  claim: Amount,
): { exact: number[]; slack: number } | null {
  const low = Math.min(from.value, to.value);
  const high = Math.max(from.value, to.value);
  if (low <= 0) return null;
  const ratio = high / low;
  const wobble = ratio * (from.half / from.value + to.half / to.value);
  if (claim.dimension === "factor") return { exact: [ratio], slack: wobble };
  const percent = (100 * (high - low)) / low;
  return { exact: [percent, (100 * (high - low)) / high], slack: 100 * wobble };
}

interface Claimed {
  readonly claim: Amount;
  readonly from: Amount;
  readonly to: Amount;
}

/** Two values of one kind and one claim about them; null for every other sentence. */
function claimedIn(one: Statement): Claimed | null {
  if (!changing.test(one.text) || unclear.test(one.text)) return null;
  const claims = one.amounts.filter((a) => a.dimension === "percent" || a.dimension === "factor");
  const values = one.amounts.filter((a) => !claims.includes(a));
  const [claim] = claims;
  const [from, to] = values;
  if (claim === undefined || from === undefined || to === undefined) return null;
  if (claims.length !== 1 || values.length !== 2 || from.dimension !== to.dimension) return null;
  return [claim, from, to].every((a) => isExact(a)) ? { claim, from, to } : null;
}

function check(one: Statement, out: Collector): void {
  const claimed = claimedIn(one);
  if (claimed === null) return;
  const { claim, from, to } = claimed;
  const changes = changesOf(from, to, claim);
  const [first] = changes?.exact ?? [];
  if (changes === null || first === undefined) return;
  out.check(claim, from, to);
  const room = claim.half * 2 + changes.slack + 1e-9;
  if (changes.exact.some((value) => Math.abs(value - claim.value) <= room)) return;
  const unit = claim.dimension === "factor" ? "x" : " %";
  const exact = changes.exact.map((value) => `${shown(value)}${unit}`).join(" or ");
  out.add({
    message: `from ${from.text} to ${to.text} is ${exact}, not ${claim.text}`,
    recomputed: exact,
    quotes: [
      quoteStatement(one),
      { line: claim.line, text: claim.text },
      { line: from.line, text: from.text },
      { line: to.line, text: to.text },
    ],
  });
}

function run(report: Report): RuleResult {
  const out = new Collector("claim-math", "contradiction");
  for (const one of report.statements) check(one, out);
  return out;
}

export const claimMathRule: LintRule = {
  id: "claim-math",
  summary: "`n times` or `n % better` that the two values do not give",
  level: "contradiction",
  saboteur: {
    text: "Latency fell from 200 ms to 150 ms, 50 % faster.\n",
    clean: "Latency fell from 200 ms to 150 ms, 25 % lower.\n",
  },
  run,
};
