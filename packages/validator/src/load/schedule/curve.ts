import type { ScheduledScenario } from "../scenario-types.ts";

/** A rate over time, by the inverse of its integral. */
export interface RateCurve {
  readonly durationMs: number;
  /** Arrivals in all: the integral over the duration. */
  readonly total: number;
  /** Offset in ms at which the integral reaches `units`, 0 <= units < total; ascending. */
  at(units: number): number;
}

/** The curve of a scenario; a trace has none. */
export function curveOf(scenario: Exclude<ScheduledScenario, { trace: unknown }>): RateCurve {
  if (scenario.executor === "ramping-arrival-rate") {
    return stagesCurve(scenario.startRate ?? 0, scenario.stages);
  }
  const { rate, durationMs } = scenario;
  if (scenario.executor === "constant-arrival-rate" && scenario.sine !== undefined) {
    return sineCurve({ rate, durationMs, ...scenario.sine });
  }
  return constantCurve(rate, durationMs);
}

/** `rate` per second for a while. */
export function constantCurve(rate: number, durationMs: number): RateCurve {
  const gapMs = 1000 / rate;
  return { durationMs, total: (rate * durationMs) / 1000, at: (units) => units * gapMs };
}

interface Segment {
  readonly startMs: number;
  readonly fromRate: number;
  /** Change of the rate per second, each second. */
  readonly slope: number;
  /** Arrivals before it and at its end. */
  readonly before: number;
  readonly until: number;
}

/** Rates that ramp to each stage's target, or step to it at the stage's start. */
export function stagesCurve(
  startRate: number,
  stages: readonly { durationMs: number; target: number; step?: boolean }[],
): RateCurve {
  const segments: Segment[] = [];
  let startMs = 0;
  let rate = startRate;
  let before = 0;
  for (const { durationMs, target, step } of stages) {
    const fromRate = step === true ? target : rate;
    const seconds = durationMs / 1000;
    const until = before + ((fromRate + target) / 2) * seconds;
    segments.push({ startMs, fromRate, slope: (target - fromRate) / seconds, before, until });
    startMs += durationMs;
    rate = target;
    before = until;
  }
  return {
    durationMs: startMs,
    total: before,
    at: (units) => {
      // A segment without arrivals ends where it begins and is passed over.
      const segment = segments.find(({ until }) => units < until) ?? segments.at(-1);
      return segment === undefined ? 0 : segment.startMs + offsetIn(segment, units);
    },
  };
}

/** Where a rate that changes evenly has let `units` through; the form that never subtracts roots. */
function offsetIn({ fromRate, slope, before }: Segment, units: number): number {
  const left = units - before;
  if (left <= 0) return 0;
  const root = Math.sqrt(Math.max(0, fromRate * fromRate + 2 * slope * left));
  return (2000 * left) / (fromRate + root);
}

const bisections = 60;

/** rate + amplitude x sin(2 pi t / period). */
export function sineCurve(o: {
  rate: number;
  durationMs: number;
  amplitude: number;
  periodMs: number;
}): RateCurve {
  const turn = (2 * Math.PI) / o.periodMs;
  const integral = (ms: number): number =>
    (o.rate * ms + (o.amplitude / turn) * (1 - Math.cos(turn * ms))) / 1000;
  return {
    durationMs: o.durationMs,
    total: integral(o.durationMs),
    at: (units) => {
      // The integral is off its mean line by at most amplitude x period / pi.
      const slackMs = ((o.amplitude / turn) * 2) / o.rate;
      let lowMs = Math.max(0, (units * 1000) / o.rate - slackMs);
      let highMs = (units * 1000) / o.rate;
      for (let i = 0; i < bisections && lowMs < highMs; i++) {
        const middleMs = (lowMs + highMs) / 2;
        if (integral(middleMs) < units) lowMs = middleMs;
        else highMs = middleMs;
      }
      return highMs;
    },
  };
}
