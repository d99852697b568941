import { perSecondOf } from "../../plan/fields.ts";
import type { ScenarioFile } from "../../plan/scenario-schema.ts";
import type { Unmapped } from "./unmapped.ts";

/** One scenario of k6's options, and when its arrivals are due. */
export interface ExecutorJs {
  readonly options: Readonly<Record<string, unknown>>;
  /** Expression `(index) => ms after the start`, null of a closed model. */
  readonly intended: string | null;
}

const vusMax = 10_000;
/** k6 takes whole numbers of iterations: the units tried, in ms. */
const unitsMs = [1000, 10_000, 60_000, 100_000, 600_000, 1_000_000, 3_600_000, 10_000_000];

const secondsText = (ms: number): string => `${ms}ms`;

/** The executor of a scenario under k6's name and options. */
export function executorJs(
  name: string,
  file: ScenarioFile,
  exec: string,
  unmapped: Unmapped,
): ExecutorJs | null {
  const path = `scenarios.${name}`;
  const shared = {
    exec,
    startTime: secondsText(file.startTime),
    gracefulStop: secondsText(file.gracefulStop),
    ...(file.tags !== undefined && { tags: file.tags }),
  };
  switch (file.executor) {
    case "constant-arrival-rate":
      return constantRate(path, file, shared, unmapped);
    case "ramping-arrival-rate":
      return rampingRate(path, file, shared, unmapped);
    case "constant-vus": {
      const { executor, vus, duration } = file;
      return closed({ ...shared, executor, vus, duration: secondsText(duration) });
    }
    case "ramping-vus": {
      const { executor, startVUs } = file;
      const stages = file.stages.map(({ duration, target }) => ({
        duration: secondsText(duration),
        target,
      }));
      return closed({ ...shared, executor, startVUs, stages, gracefulRampDown: "30s" });
    }
    case "shared-iterations":
    case "per-vu-iterations": {
      const { executor, vus, iterations, maxDuration } = file;
      return closed({
        ...shared,
        executor,
        vus,
        iterations,
        maxDuration: secondsText(maxDuration),
      });
    }
    case "sessions":
    case "trace-replay":
    case "ladder":
    case "find-peak":
      unmapped.add(`${path}.executor`, `${file.executor} has no stock form in k6`);
      return null;
  }
}

const closed = (options: Readonly<Record<string, unknown>>): ExecutorJs => ({
  options,
  intended: null,
});

type Constant = Extract<ScenarioFile, { executor: "constant-arrival-rate" }>;
type Ramping = Extract<ScenarioFile, { executor: "ramping-arrival-rate" }>;
type Shared = Readonly<Record<string, unknown>>;

function constantRate(
  path: string,
  file: Constant,
  shared: Shared,
  unmapped: Unmapped,
): ExecutorJs | null {
  evenOnly(path, file, unmapped);
  if (file.sine !== undefined) unmapped.add(`${path}.sine`, "a sine has no stock form in k6");
  const rate = perSecondOf(file.rate, file.timeUnit);
  const unitMs = wholeUnit([rate]);
  if (unitMs === null) {
    unmapped.add(`${path}.rate`, "is no whole number of iterations per unit of time");
    return null;
  }
  const options = {
    ...shared,
    executor: file.executor,
    rate: Math.round((rate * unitMs) / 1000),
    timeUnit: secondsText(unitMs),
    duration: secondsText(file.duration),
    ...usersOf(file, rate),
  };
  return { options, intended: `(index) => index * ${1000 / rate}` };
}

function rampingRate(
  path: string,
  file: Ramping,
  shared: Shared,
  unmapped: Unmapped,
): ExecutorJs | null {
  evenOnly(path, file, unmapped);
  const start = perSecondOf(file.startRate, file.timeUnit);
  const targets = file.stages.map(({ target }) => perSecondOf(target, file.timeUnit));
  const unitMs = wholeUnit([start, ...targets]);
  if (unitMs === null) {
    unmapped.add(`${path}.stages`, "a target is no whole number of iterations per unit of time");
    return null;
  }
  const count = (rate: number): number => Math.round((rate * unitMs) / 1000);
  const stages = file.stages.flatMap(({ duration, step }, i) => {
    const target = count(targets[i] ?? 0);
    const stage = { duration: secondsText(duration), target };
    return step === true ? [{ duration: "0s", target }, stage] : [stage];
  });
  const curve: [number, number, number][] = [];
  let from = start;
  file.stages.forEach(({ duration, step }, i) => {
    const to = targets[i] ?? 0;
    curve.push([duration, step === true ? to : from, to]);
    from = to;
  });
  const options = {
    ...shared,
    executor: file.executor,
    startRate: count(start),
    timeUnit: secondsText(unitMs),
    stages,
    ...usersOf(file, Math.max(start, ...targets)),
  };
  return { options, intended: `rampOf(${JSON.stringify(curve)})` };
}

function evenOnly(path: string, file: Constant | Ramping, unmapped: Unmapped): void {
  if (file.arrivals !== "even") {
    unmapped.add(`${path}.arrivals`, `${file.arrivals} arrivals have no stock form in k6`);
  }
}

/** Users k6 makes before the start, and at most: those of ten seconds without an answer. */
function usersOf(
  file: Constant | Ramping,
  rate: number,
): { preAllocatedVUs: number; maxVUs: number } {
  const maxVUs = file.maxVUs ?? Math.min(vusMax, Math.ceil(rate * 10) + 10);
  return {
    preAllocatedVUs: Math.min(maxVUs, file.preAllocatedVUs ?? Math.ceil(rate / 2) + 5),
    maxVUs,
  };
}

function wholeUnit(rates: readonly number[]): number | null {
  const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) < 1e-6;
  return unitsMs.find((ms) => rates.every((rate) => isWhole((rate * ms) / 1000))) ?? null;
}
