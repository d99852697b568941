import type { Scenario, TraceData } from "../scenario-types.ts";
import { perSecondOf } from "./fields.ts";
import { heldByClaims } from "./ladder-hold.ts";
import type { ScenarioFile } from "./scenario-schema.ts";

type Range = { readonly minMs: number; readonly maxMs: number };

/** What every scenario has, made elsewhere: what it does, its feeder, its names. */
export type ScenarioTerms = Pick<
  Scenario,
  | "exec"
  | "request"
  | "steps"
  | "feed"
  | "feedDigest"
  | "env"
  | "tags"
  | "http2"
  | "startMs"
  | "warmupMs"
  | "gracefulStopMs"
>;

/** A scenario of the engine from one of a plan; `trace` is the file it names, read. */
export function compileScenario(
  file: ScenarioFile,
  terms: ScenarioTerms,
  trace: TraceData | null,
): Scenario {
  switch (file.executor) {
    case "constant-vus":
    case "ramping-vus":
    case "shared-iterations":
    case "per-vu-iterations":
    case "ladder":
      return closedScenario(file, { ...terms, ...closedTerms(file) });
    default:
      return openScenario(file, { ...terms, ...openTerms(file) }, trace);
  }
}

type ClosedFile = Extract<
  ScenarioFile,
  {
    executor: "constant-vus" | "ramping-vus" | "shared-iterations" | "per-vu-iterations" | "ladder";
  }
>;
type OpenFile = Exclude<ScenarioFile, ClosedFile>;
type ClosedTerms = ScenarioTerms & ReturnType<typeof closedTerms>;
type OpenTerms = ScenarioTerms & ReturnType<typeof openTerms>;

function closedScenario(file: ClosedFile, terms: ClosedTerms): Scenario {
  switch (file.executor) {
    case "constant-vus":
      return { ...terms, executor: file.executor, vus: file.vus, durationMs: file.duration };
    case "ramping-vus":
      return {
        ...terms,
        executor: file.executor,
        startVus: file.startVUs,
        stages: file.stages.map(({ duration, target }) => ({ durationMs: duration, target })),
      };
    case "ladder":
      return {
        ...terms,
        executor: file.executor,
        users: file.users,
        rounds: file.rounds,
        ...(file.hold === undefined ? heldByClaims : { holdMs: file.hold }),
        ...(file.settle !== undefined && { settleMs: file.settle }),
      };
    default:
      return {
        ...terms,
        executor: file.executor,
        vus: file.vus,
        iterations: file.iterations,
        maxDurationMs: file.maxDuration,
      };
  }
}

function openScenario(file: OpenFile, terms: OpenTerms, trace: TraceData | null): Scenario {
  switch (file.executor) {
    case "ramping-arrival-rate":
      return {
        ...terms,
        executor: file.executor,
        startRate: perSecondOf(file.startRate, file.timeUnit),
        stages: file.stages.map(({ duration, target, step }) => ({
          durationMs: duration,
          target: perSecondOf(target, file.timeUnit),
          ...(step !== undefined && { step }),
        })),
      };
    case "trace-replay":
      if (trace === null) throw new TypeError(`${file.trace} was not read`);
      return { ...terms, executor: file.executor, trace, speed: file.speed };
    case "find-peak":
      return {
        ...terms,
        executor: file.executor,
        startRate: perSecondOf(file.startRate, file.timeUnit),
        rateMax: perSecondOf(file.maxRate, file.timeUnit),
        stepMs: file.step,
        pass: {
          share: file.pass.share,
          limitMs: file.pass.limit,
          confidence: file.pass.confidence,
        },
        ...(file.maxSteps !== undefined && { stepsMax: file.maxSteps }),
      };
    case "sessions":
      return {
        ...terms,
        executor: file.executor,
        rate: perSecondOf(file.rate, file.timeUnit),
        durationMs: file.duration,
        turns: file.turns,
        ...(file.think !== undefined && { thinkMs: thinkOf(file.think) }),
      };
    default:
      return {
        ...terms,
        executor: file.executor,
        rate: perSecondOf(file.rate, file.timeUnit),
        durationMs: file.duration,
        ...(file.sine !== undefined && {
          sine: {
            amplitude: perSecondOf(file.sine.amplitude, file.timeUnit),
            periodMs: file.sine.period,
          },
        }),
      };
  }
}

function openTerms(file: OpenFile) {
  return {
    arrivals: file.arrivals,
    ...(file.burstiness !== undefined && { burstiness: file.burstiness }),
    ...(file.preAllocatedVUs !== undefined && { preAllocatedVus: file.preAllocatedVUs }),
    ...(file.maxVUs !== undefined && { maxVus: file.maxVUs }),
  };
}

function closedTerms(file: ClosedFile) {
  return {
    ...(file.think !== undefined && { thinkMs: thinkOf(file.think) }),
    ...(file.startJitter !== undefined && { startJitterMs: file.startJitter }),
  };
}

function thinkOf({ minMs, maxMs }: Range): number | readonly [number, number] {
  return minMs === maxMs ? minMs : [minMs, maxMs];
}
