import type { Claim } from "@loadline/contract";
import type { LoadLimit } from "../load/index.ts";
import { among } from "./load-saboteurs.ts";
import type { SimulatedRequest, SimulatedTarget } from "./simulated-load.ts";

type Answer = ReturnType<SimulatedTarget["answer"]>;
type Figure = readonly [name: string, value: number, bad: boolean];

const healthy: Answer = { ms: 20, ttftMs: 10, outcome: "ok" };
/** Just over a limit, so that a check which compares with another one survives. */
const overBy = 1.05;
/** Values a figure has in a run; enough to decide any claim of the stage. */
const valuesEach = 2_000;

/** What a healthy service's clients say; events are said only when they happen. */
const healthyFigures: Readonly<Record<string, number>> = {
  rag_visible: 400,
  rag_foreign: 0,
  ws_delivery: 1,
  ws_fanout: 20,
};

/** A target that keeps every limit. */
export function healthyTarget(limits: readonly LoadLimit[]): SimulatedTarget {
  const figuresOf = (scenario: string): string[] =>
    limits.flatMap((limit) => (limit.scenario === scenario ? (limit.figure ?? []) : []));
  return {
    answer: () => healthy,
    ladderOk: () => 0,
    figures: (scenario) =>
      figuresOf(scenario).flatMap((name): Figure[] => {
        const value = healthyFigures[name];
        const row: Figure[] = value === undefined ? [] : [[name, value, false]];
        return row.flatMap((one) => Array.from({ length: valuesEach }, () => one));
      }),
    growthMibPerHour: 0,
  };
}

/** Three times as many as a claim accepts. */
const shareOf = (claim: Claim): number => Math.min(0.9, 3 * (1 - (claim.target ?? 1)));

function spoiled(
  base: SimulatedTarget,
  limit: LoadLimit,
  o: { readonly share: number; readonly answer: Partial<Answer> },
): SimulatedTarget {
  const touches = ({ scenario, step, n }: SimulatedRequest): boolean =>
    scenario === limit.scenario && (limit.step ?? step) === step && among(n, o.share);
  return {
    ...base,
    answer: (request) => {
      const answer = base.answer(request);
      return touches(request) ? { ...answer, ...o.answer } : answer;
    },
  };
}

/** Events that must not happen happen once; of values so many are bad as the claim refuses. */
function spoiledFigures(base: SimulatedTarget, limit: LoadLimit, claim: Claim): SimulatedTarget {
  const { figure = "" } = limit;
  const isEvent = claim.kind === "predicate";
  const bad: Figure =
    claim.kind === "quantile"
      ? [figure, (limit.limitMs ?? 0) * overBy, false]
      : [figure, isEvent ? 1 : 0, true];
  return {
    ...base,
    figures: (scenario) => {
      const said = base.figures(scenario);
      if (scenario !== limit.scenario) return said;
      if (isEvent) return [...said, bad];
      return said.map((one, n) =>
        one[0] === figure && among(n % valuesEach, shareOf(claim)) ? bad : one,
      );
    },
  };
}

/** Breaks what one limit counts and as little else as it can; null: nobody knows how. */
export function limitSaboteur(
  limit: LoadLimit,
  claim: Claim,
  base: SimulatedTarget,
): SimulatedTarget | null {
  const share = shareOf(claim);
  const over = (limitMs: number | undefined, of: (ms: number) => Partial<Answer>) =>
    limitMs === undefined ? null : spoiled(base, limit, { share, answer: of(limitMs * overBy) });
  const lateToken = (ms: number): Partial<Answer> => ({ ms: ms + 1, ttftMs: ms });
  switch (limit.metric) {
    case "errors":
      return spoiled(base, limit, { share, answer: { outcome: "status_5xx" } });
    case "response_time":
      return over(limit.limitMs, (ms) => ({ ms }));
    case "ttft_open":
      return over(limit.limitMs, lateToken);
    case "good":
      return over(limit.slo?.ttftMs, lateToken);
    case "figure":
      return spoiledFigures(base, limit, claim);
    default:
      return null;
  }
}

/** What a failed request fails too: it has no latency; a late token makes an answer no good one. */
const implied: Readonly<Partial<Record<LoadLimit["metric"], readonly LoadLimit["metric"][]>>> = {
  errors: ["response_time", "ttft_open", "good"],
  ttft_open: ["good"],
  good: ["ttft_open"],
};

/** Whether the break of one limit breaks another by what they mean, so that it is not to blame. */
export function impliedBy(broken: LoadLimit, other: LoadLimit): boolean {
  if (broken.scenario !== other.scenario) return false;
  return implied[broken.metric]?.includes(other.metric) ?? false;
}
