import {
  type ClaimVerdict,
  compareImportance,
  type Figure,
  type ReportModel,
  type Verdict,
} from "@loadline/contract/browser";
import { commandLine } from "./command.ts";
import { countFigure } from "./format.ts";

/** Verdicts in the order the first screen counts them. */
export const countedVerdicts = [
  "passed",
  "failed",
  "inconclusive",
  "not_tested",
  "error",
] as const satisfies readonly Verdict[];

/** Worst first; the order of the list of what stops. */
const severity: Readonly<Record<Verdict, number>> = {
  failed: 0,
  error: 1,
  inconclusive: 2,
  not_tested: 3,
  passed: 4,
};

/** What screen 1 says, as data; the static text and the page both draw this. */
export interface FirstScreen {
  readonly duration: Figure;
  readonly counts: readonly { readonly word: string; readonly verdict?: Verdict; n: Figure }[];
  readonly decided: Figure;
  readonly required: Figure;
  /** Ended before its plan was: folded from what had been recorded. */
  readonly isInterrupted: boolean;
  readonly stoppers: readonly ClaimVerdict[];
  /** What the plan asks beyond its claims and does not get; it stops READY like a claim. */
  readonly unmet: readonly string[];
  /** Required claims that are passed, the most important first. */
  readonly proven: readonly ClaimVerdict[];
  readonly untested: {
    readonly claims: Figure;
    readonly parts: Figure;
    readonly reasons: readonly { readonly reason: string; readonly n: Figure }[];
  };
  readonly toProve: readonly { readonly id: string; readonly text: string }[];
  readonly reproduce: string;
  readonly verify: string;
}

/** Said wherever the outcome of such a run stands. */
export const interruptedWords =
  "Interrupted: the run ended before its plan did. This is folded from what was recorded until then.";

/** A required claim that keeps the outcome from READY. */
const stops = (claim: ClaimVerdict): boolean =>
  claim.required && claim.verdict !== "passed" && claim.disposition === undefined;

/** Picks screen 1 out of the model; decides nothing. */
export function firstScreenOf(model: ReportModel): FirstScreen {
  const { verdict, commands } = model;
  const { counts } = verdict;
  const stoppers = verdict.claims
    .filter(stops)
    .toSorted((a, b) => severity[a.verdict] - severity[b.verdict]);
  return {
    duration: { ...countFigure(verdict.durationMs, "ms"), provenance: "measured" },
    counts: [
      ...countedVerdicts.map((word) => ({ word, verdict: word, n: countFigure(counts[word]) })),
      { word: "waived", n: countFigure(counts.waived) },
      ...(counts.not_applicable > 0
        ? [{ word: "not_applicable", n: countFigure(counts.not_applicable) }]
        : []),
    ],
    decided: countFigure(counts.decided),
    required: countFigure(counts.required),
    isInterrupted: model.records.some(
      ({ kind, data }) => kind === "run.closed" && data["reason"] === "cancelled",
    ),
    stoppers,
    unmet: verdict.unmet ?? [],
    proven: verdict.claims
      .filter((claim) => claim.required && claim.verdict === "passed")
      .toSorted(compareImportance),
    untested: untestedOf(verdict.claims),
    toProve: stoppers
      .filter((claim) => claim.toProve !== "")
      .map((claim) => ({ id: claim.id, text: claim.toProve })),
    reproduce: commandLine(commands.reproduce),
    verify: commandLine(commands.verify),
  };
}

function untestedOf(claims: readonly ClaimVerdict[]): FirstScreen["untested"] {
  const parts = claims.flatMap((c) => c.parts.filter((part) => part.verdict === "not_tested"));
  const reasons = new Map<string, number>();
  for (const part of parts) {
    const reason = part.reason ?? "not_run";
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return {
    claims: countFigure(claims.filter((claim) => claim.verdict === "not_tested").length),
    parts: countFigure(parts.length),
    reasons: [...reasons]
      .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .map(([reason, n]) => ({ reason, n: countFigure(n) })),
  };
}
