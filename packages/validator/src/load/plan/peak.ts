import type { Scenario, TraceData } from "../scenario-types.ts";
import type { LoadPlan } from "../types.ts";
import { durationOf } from "./duration.ts";

/** What a plan asks for at its height, all scenarios together. */
export interface LoadPeak {
  /** Most users at one moment; those of open models come on top and are as many as wait. */
  readonly users: number;
  /** Most iterations, or sessions, that fall due in a second of open models. */
  readonly perSecond: number;
}

/** A level that moves linearly from one moment to another, in ms after the start of the run. */
interface Slope {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly from: number;
  readonly until: number;
}

/** The height of a plan: where scenarios overlap their levels add up, where they do not they do not. */
export function peakOf({ scenarios }: Pick<LoadPlan, "scenarios">): LoadPeak {
  const all = Object.values(scenarios);
  return { users: heightOf(all.flatMap(usersOf)), perSecond: heightOf(all.flatMap(ratesOf)) };
}

/** Sums of slopes are highest where one begins or ends: just before that moment or just after it. */
function heightOf(slopes: readonly Slope[]): number {
  const moments = new Set(slopes.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]));
  let highest = 0;
  for (const at of moments) {
    const before = slopes.filter(({ fromMs, untilMs }) => fromMs < at && at <= untilMs);
    const after = slopes.filter(({ fromMs, untilMs }) => fromMs <= at && at < untilMs);
    highest = Math.max(highest, sumAt(before, at), sumAt(after, at));
  }
  return highest;
}

const sumAt = (slopes: readonly Slope[], atMs: number): number =>
  slopes.reduce(
    (sum, { fromMs, untilMs, from, until }) =>
      sum + from + ((until - from) * (atMs - fromMs)) / (untilMs - fromMs),
    0,
  );

const level = (scenario: Scenario, height: number): Slope[] => {
  const fromMs = scenario.startMs ?? 0;
  return [{ fromMs, untilMs: fromMs + durationOf(scenario), from: height, until: height }];
};

interface Stage {
  readonly durationMs: number;
  readonly target: number;
  readonly step?: boolean;
}

function stagesOf(scenario: Scenario, start: number, stages: readonly Stage[]): Slope[] {
  const slopes: Slope[] = [];
  let fromMs = scenario.startMs ?? 0;
  let from = start;
  for (const { durationMs, target, step } of stages) {
    const untilMs = fromMs + durationMs;
    slopes.push({ fromMs, untilMs, from: step === true ? target : from, until: target });
    fromMs = untilMs;
    from = target;
  }
  return slopes;
}

function usersOf(scenario: Scenario): Slope[] {
  switch (scenario.executor) {
    case "constant-vus":
    case "shared-iterations":
    case "per-vu-iterations":
      return level(scenario, scenario.vus);
    case "ramping-vus":
      return stagesOf(scenario, scenario.startVus ?? 0, scenario.stages);
    case "ladder":
      return level(scenario, Math.max(...scenario.users));
    default:
      return [];
  }
}

function ratesOf(scenario: Scenario): Slope[] {
  switch (scenario.executor) {
    case "constant-arrival-rate":
      return level(scenario, scenario.rate + (scenario.sine?.amplitude ?? 0));
    case "ramping-arrival-rate":
      return stagesOf(scenario, scenario.startRate ?? 0, scenario.stages);
    case "sessions":
      return level(scenario, scenario.rate);
    case "trace-replay":
      return level(scenario, busiestSecond(scenario.trace, scenario.speed ?? 1));
    case "find-peak":
      return level(scenario, scenario.rateMax);
    default:
      return [];
  }
}

/** Most rows of a trace in one of its seconds. */
function busiestSecond({ atMs }: TraceData, speed: number): number {
  let [most, count, second] = [0, 0, 0];
  for (const at of atMs) {
    const its = Math.floor(at / speed / 1000);
    count = its === second ? count + 1 : 1;
    second = its;
    most = Math.max(most, count);
  }
  return most;
}
