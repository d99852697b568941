import { join } from "node:path";
import { changeText, identityChanges, identityFacts } from "@loadline/contract";
import { parseJson } from "@loadline/kit/json";
import { earlierRuns, textOf } from "../evidence/earlier-runs.ts";
import { isRecord } from "../probes/shapes.ts";
import type { IdentityFacts } from "./facts.ts";

type Known = Parameters<typeof identityChanges>[0];

/** What the verdict of a stored run says of one of its targets; null when it says nothing. */
function knownIn(runsDir: string, folder: string, target: string): Known | null {
  const verdict = parseJson(textOf(join(runsDir, folder, "verdict.json")));
  const rows = isRecord(verdict) ? verdict["identity"] : undefined;
  if (!Array.isArray(rows)) return null;
  const known = rows.filter(isRecord).flatMap((row) => {
    const fact = identityFacts.find((name) => name === row["fact"]);
    const { value, provenance } = row as Readonly<Record<string, unknown>>;
    if (row["target"] !== target || fact === undefined || typeof value !== "string") return [];
    return provenance === "measured" ? [{ target, fact, value, provenance } as const] : [];
  });
  return known.length === 0 ? null : known;
}

/**
 * What a target told of its build in the newest earlier run that knew it, and tells otherwise now:
 * a sentence each, for what the run does not prove.
 */
export function changedSince(
  runsDir: string,
  o: {
    /** The run that asks. */
    readonly run: string;
    /** Of the plan, as verdicts name it. */
    readonly plan: string;
    readonly target: string;
  },
  told: IdentityFacts,
): readonly string[] {
  const { target } = o;
  const now = identityFacts.flatMap((fact) => {
    const value = told[fact];
    return value === undefined ? [] : [{ target, fact, value, provenance: "measured" as const }];
  });
  for (const { run, folder } of earlierRuns(runsDir, { except: o.run, target: o.plan })) {
    const before = run === o.run ? null : knownIn(runsDir, folder, target);
    if (before === null) continue;
    return identityChanges(before, now).map(
      (change) => `That ${target} is the build the run ${run} asked: its ${changeText(change)}.`,
    );
  }
  return [];
}
