import { lintReport, lintRules } from "@loadline/contract/lint";
import type { CaseSeen, SelftestFamily } from "../case.ts";
import { saboteurOf } from "../registry.ts";

/** Lints a text as a file; what one rule says, and which other rules found a contradiction in it. */
function linted(text: string, rule: string): CaseSeen {
  const { findings } = lintReport(`${rule}.md`, Buffer.from(text));
  const own = findings.find((one) => one.rule === rule);
  const others = findings.filter((one) => one.rule !== rule && one.level === "contradiction");
  return {
    word: own === undefined ? "passed" : `${own.level} ${rule}`,
    blamed: [...new Set(others.map((one) => one.rule))],
    seen: own?.message ?? "Nothing was found.",
    evidence: text,
  };
}

/** Rules of the lint, each over a planted text and the same text made right. */
export const lintRuleFamily: SelftestFamily = {
  id: "lint",
  summary: "lint rules, over a planted contradiction and the same text made right",
  cases: () =>
    lintRules.map(({ id, summary, level, saboteur }) => {
      const { text, clean } = saboteurOf(`lint.${id}`, saboteur);
      return {
        id: `lint.${id}`,
        summary,
        caught: `${level} ${id}`,
        sabotaged: () => Promise.resolve(linted(text, id)),
        clean: () => Promise.resolve(linted(clean, id)),
      };
    }),
};
