import { Collector } from "../finding.ts";
import type { LintRule, Report, RuleResult } from "../types.ts";

const shapes: readonly (readonly [string, RegExp])[] = [
  ["an API key", /\bsk-[A-Za-z0-9_-]{16,200}/],
  ["an access key", /\bAKIA[A-Z0-9]{16}\b/],
  [
    "a token",
    /\b(?:gh[pousr]_[A-Za-z0-9]{20,100}|xox[abp]-[A-Za-z0-9-]{10,100}|eyJ[A-Za-z0-9_-]{10,500}\.eyJ[A-Za-z0-9_-]{10,500})/,
  ],
  ["a private key", /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----/],
  ["a login in an address", /\b[a-z]{2,12}:\/\/[^\s:@/]{1,60}:(?![*$<{x])[^\s:@/]{3,100}@/i],
  [
    "a password",
    /\b(?:password|passwd|pwd|api[ _-]?key|secret[ _-]?key|access[ _-]?token)\b(?: is)?\s{0,3}[:=]?\s{0,3}["'`]?(?![*$<{[(]|(?:none|not|no|is|was|policy|rotation|never|via|from|in|set|required|redacted|hidden|hash|xxx|n\/a|yes|true|false|null|ok|pass|fail|for|and|or|to|with|the|are|of|stored|protected|authentication)\b)[^\s"'`,;|]{0,40}[\d!@#%&][^\s"'`,;|]{0,60}/i,
  ],
  [
    "a default login",
    /\b(?:admin\/admin|admin:admin|root\/root|root:root|minioadmin[:/]minioadmin|postgres:postgres|guest:guest)\b/i,
  ],
];

/** The shape without the secret itself. */
function masked(text: string): string {
  return `${text.slice(0, 4)}...(${text.length} characters)`;
}

function run(report: Report): RuleResult {
  const out = new Collector("secret", "note");
  const texts = [
    ...report.statements.map((one) => ({ text: one.text, line: one.line })),
    ...report.grids.flatMap((grid) =>
      grid.rows.flatMap((row) =>
        row.fields.map((one) => ({ text: `${one.name}: ${one.cell.text}`, line: one.cell.line })),
      ),
    ),
  ];
  const seen = new Set<string>();
  for (const { text, line } of texts) {
    for (const [what, shape] of shapes) {
      const match = shape.exec(text);
      if (match === null || /example|dummy|wrong|placeholder|your/i.test(match[0])) continue;
      if (seen.has(`${line} ${what}`)) continue;
      seen.add(`${line} ${what}`);
      const quote = { line, text: masked(match[0]) };
      out.add({
        message: `${what} is printed in the report`,
        recomputed: what,
        quotes: [quote, { line, text: what }],
      });
    }
  }
  return out;
}

export const secretRule: LintRule = {
  id: "secret",
  summary: "a login or key printed in the report; its value is not repeated",
  level: "note",
  saboteur: {
    text: "The dashboard was checked with admin:admin on the first try.\n",
    clean: "The dashboard was checked with the account of the operators.\n",
  },
  run,
};
