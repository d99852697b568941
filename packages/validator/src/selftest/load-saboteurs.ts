import {
  admittedBy,
  type BoundClaim,
  type BoundJob,
  type LoadMetric,
  scheduledMs,
} from "../load/index.ts";
import type { SimulatedRequest, SimulatedTarget } from "./simulated-load.ts";

const cleanMs = 20;
const quotaBlockMs = 10_000;
/** Healthy and quick. */
export const cleanTarget: SimulatedTarget = {
  answer: () => ({ ms: cleanMs, outcome: "ok" }),
  ladderOk: (users) => Math.ceil(users ** 0.9 * 120),
  figures: () => [],
  growthMibPerHour: 0,
};

/** Each n-th of ten thousand, spread evenly; the same requests on every machine. */
export const among = (n: number, share: number): boolean =>
  Math.floor((n + 1) * share) > Math.floor(n * share);

/** Lets through of the bursts as many as the declared limiter does. */
function quotaTarget(job: BoundJob): SimulatedTarget {
  const rule = job.bound.find(({ limiter }) => limiter !== undefined)?.limiter;
  if (rule === undefined) return cleanTarget;
  const atMs = scheduledMs(job.load, rule.scenario) ?? [];
  const admitted = admittedBy(rule.limiter, atMs).least / Math.max(1, atMs.length);
  return {
    ...cleanTarget,
    answer: ({ scenario, n }) => ({
      ms: cleanMs + (n % 7),
      outcome: scenario === "burst" && !among(n, admitted) ? "status_429" : "ok",
    }),
  };
}

const roomFigures = (delivered: (n: number) => number, fanoutMs: (n: number) => number) =>
  Array.from({ length: 4_000 }, (_, n) => [
    ["ws_delivery", delivered(n), delivered(n) < 1] as const,
    ["ws_fanout", fanoutMs(n), false] as const,
  ]).flat();

/** Healthy, as this profile's traffic sees it. */
export function cleanFor(job: BoundJob): SimulatedTarget {
  const base = quotaTarget(job);
  const hasRooms = job.load.scenarios["rooms"] !== undefined;
  return hasRooms
    ? {
        ...base,
        figures: () =>
          roomFigures(
            () => 1,
            () => cleanMs,
          ),
      }
    : base;
}

type Answer = SimulatedTarget["answer"];

/** Answers otherwise where a claim looks. */
function altered(
  base: SimulatedTarget,
  bound: BoundClaim,
  how: (r: SimulatedRequest) => Partial<ReturnType<Answer>> | null,
): SimulatedTarget {
  const touches = ({ scenario, step }: SimulatedRequest): boolean =>
    bound.limits.some((one) => one.scenario === scenario && (one.step ?? step) === step);
  return {
    ...base,
    answer: (request) => {
      const answer = base.answer(request);
      const other = touches(request) ? how(request) : null;
      return other === null ? answer : { ...answer, ...other };
    },
  };
}

type Breaks = (bound: BoundClaim, base: SimulatedTarget) => SimulatedTarget | null;

/** Claims that no metric of requests decides, by what decides them. */
const ofRun: Breaks = (bound, base) => {
  const { ladder, limiter, blocks, claim } = bound;
  if (ladder !== undefined) {
    const [one, more] = ladder.of === "speedUp" ? [9_000, 6_000] : [100, 300];
    return { ...base, ladderOk: (users) => (users === 1 ? one : more) };
  }
  if (limiter !== undefined) {
    return altered(base, bound, ({ n }) => (n % 20 === 0 ? { outcome: "ok" } : null));
  }
  if (blocks !== undefined) {
    const loud = new Set(blocks.triples.map(([, , b]) => b));
    return altered(base, bound, ({ offsetMs }) =>
      loud.has(Math.floor(offsetMs / quotaBlockMs)) ? { ms: 2 * cleanMs } : null,
    );
  }
  const share = claim.id === "load.alive" ? 1 : claim.id === "load.errors" ? 0.2 : null;
  if (share === null) return null;
  const [scenario] = claim.parts;
  const isHit = (r: SimulatedRequest): boolean => r.scenario === scenario && among(r.n, share);
  return {
    ...base,
    answer: (r) => (isHit(r) ? { ms: cleanMs, outcome: "reset" } : base.answer(r)),
  };
};

const outcomes = ["status_429", "status_5xx", "status_503"] as const;

/** Too many of the outcome a claim counts, or too few where it wants them. */
const ofErrors: Breaks = (bound, base) => {
  const { claim, figure } = bound;
  if (figure?.operator === ">=") return altered(base, bound, () => ({ outcome: "ok" }));
  const outcome = outcomes.find((one) => one === figure?.outcome) ?? "status_4xx";
  const share = figure === undefined ? Math.min(1, 3 * (1 - (claim.target ?? 1))) : 0.1;
  return altered(base, bound, ({ n }) => (among(n, share) ? { outcome } : null));
};

/** Three times as many over the limit as may be, and those only just. */
const ofTimes: Breaks = (bound, base) => {
  const { limit = 0, target = 1 } = bound.claim;
  const share = Math.min(0.9, 3 * (1 - target));
  if (limit <= 0) return null;
  return altered(base, bound, ({ n }) => (among(n, share) ? { ms: limit * 1.05 } : null));
};

const byMetric: Readonly<Partial<Record<LoadMetric, Breaks>>> = {
  figure: roomSaboteur,
  errors: ofErrors,
  response_time: ofTimes,
  retry_after: (bound, base) =>
    altered(base, bound, ({ n }) => (n % 50 === 0 ? { retryAfter: false } : null)),
  good: (bound, base) => altered(base, bound, ({ n }) => (among(n, 0.6) ? { ms: 2_500 } : null)),
};

/** Breaks what a claim promises and as little else as it can; null: nobody knows how. */
export function saboteurFor(bound: BoundClaim, base: SimulatedTarget): SimulatedTarget | null {
  const metric = bound.limits[0]?.metric;
  const byWhat = metric === undefined ? undefined : byMetric[metric];
  return ofRun(bound, base) ?? byWhat?.(bound, base) ?? null;
}

/** Losses, delays and repeats in a room. */
function roomSaboteur({ limits }: BoundClaim, base: SimulatedTarget): SimulatedTarget | null {
  const figure = limits[0]?.figure;
  if (figure === "ws_delivery")
    return {
      ...base,
      figures: () =>
        roomFigures(
          (n) => (n % 100 === 0 ? 0 : 1),
          () => cleanMs,
        ),
    };
  if (figure === "ws_fanout")
    return {
      ...base,
      figures: () =>
        roomFigures(
          () => 1,
          (n) => (n % 20 === 0 ? 1_500 : cleanMs),
        ),
    };
  if (figure === "ws_duplicates" || figure === "ws_reordered") {
    return { ...base, figures: (scenario) => [...base.figures(scenario), [figure, 1, true]] };
  }
  return null;
}
