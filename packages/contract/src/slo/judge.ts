import { provesFailure, provesSuccess, samplesNeeded } from "../statistics/sampling.ts";
import { percentText } from "./claims.ts";
import { countsOf, totalOf } from "./counts.ts";
import type { Slo } from "./model.ts";
import type { Sample } from "./selector.ts";

/** How an SLO stands by one metrics page; what was not seen is never passed. */
export interface SloVerdict {
  readonly id: string;
  readonly verdict: "passed" | "failed" | "inconclusive" | "not_tested";
  /** Events that were counted. */
  readonly n: number;
  readonly bad: number | null;
  /** Share of good events; null where nothing tells it. */
  readonly observed: number | null;
  readonly objective: number;
  readonly text: string;
}

const confidence = 0.95;

/** A verdict for each SLO by the counters of a page, in the order of the SLOs. */
export function judgeSlos(slos: readonly Slo[], samples: readonly Sample[]): readonly SloVerdict[] {
  return slos.map((slo) => judge(slo, samples));
}

function judge(slo: Slo, samples: readonly Sample[]): SloVerdict {
  const { sli } = slo;
  if (sli.kind === "loss") return judgeLoss(slo, samples);
  if (sli.kind === "throughput" || sli.kind === "freshness") {
    return notTested(slo, `${sli.kind} is a figure of time: one page cannot tell it`);
  }
  if (slo.method.kind === "timeslices") {
    return notTested(slo, "slices of time cannot be told from one page");
  }
  const counts = countsOf(sli, samples);
  if (counts === null) return notTested(slo, "the page has no such series");
  const { events: n, bad } = counts;
  if (n === 0) return notTested(slo, "no event was counted");
  const isFailed = provesFailure(bad, n, slo.objective, confidence);
  const isPassed = provesSuccess(bad, n, slo.objective, confidence);
  const verdict = isFailed ? "failed" : isPassed ? "passed" : "inconclusive";
  const text = `${bad} bad of ${n}, ${percentText(slo.objective)} good ones are promised${needed(slo, verdict, bad)}`;
  return { id: slo.id, verdict, n, bad, observed: (n - bad) / n, objective: slo.objective, text };
}

function needed(slo: Slo, verdict: SloVerdict["verdict"], bad: number): string {
  if (verdict !== "inconclusive") return "";
  const n = samplesNeeded(bad, slo.objective, confidence);
  return n === null ? "; no number decides that" : `; with so many bad ${n} are needed to prove it`;
}

/** A counter of lost records can show a loss; that there is none only a drill can show. */
function judgeLoss(slo: Slo, samples: readonly Sample[]): SloVerdict {
  const lost = slo.sli.kind === "loss" ? slo.sli.lost : undefined;
  const found = lost === undefined ? null : totalOf(samples, lost);
  if (found === null || found === 0) {
    return notTested(slo, "only a drill that looks for each acknowledged record shows it");
  }
  return {
    id: slo.id,
    verdict: "failed",
    n: found,
    bad: found,
    observed: 0,
    objective: slo.objective,
    text: `${found} acknowledged records are lost`,
  };
}

function notTested({ id, objective }: Slo, text: string): SloVerdict {
  return { id, verdict: "not_tested", n: 0, bad: null, observed: null, objective, text };
}
