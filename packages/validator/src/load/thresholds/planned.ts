import type { OpenScenario, Scenario, SessionsScenario } from "../types.ts";

const openExecutors: ReadonlySet<string> = new Set<OpenScenario["executor"]>([
  "constant-arrival-rate",
  "ramping-arrival-rate",
  "sessions",
  "trace-replay",
  "find-peak",
]);

/** Whether requests fall due whatever the target does. */
export function isOpen(scenario: Scenario): boolean {
  return openExecutors.has(scenario.executor);
}

/** Measured iterations a scenario will bring. */
export interface Planned {
  /** The most there can be, so that a claim needing more is unprovable; null: no bound is known. */
  readonly most: number | null;
  /** What is likely: sure in an open model; in a closed one, and of sessions, with answers of 500 ms. */
  readonly about: number | null;
}

/** Assumed answer time of a closed model's plan, ms. */
const answerMs = 500;

const sure = (n: number): Planned => ({ most: Math.floor(n), about: Math.floor(n) });

/** How many measured iterations a scenario plans. */
export function plannedOf(scenario: Scenario): Planned {
  const warmupMs = scenario.warmupMs ?? 0;
  switch (scenario.executor) {
    case "constant-arrival-rate":
      return sure((scenario.rate * (scenario.durationMs - warmupMs)) / 1_000);
    case "sessions":
      return {
        ...sure((scenario.rate * scenario.turns * (scenario.durationMs - warmupMs)) / 1_000),
        about: Math.floor(turnsWithin(scenario)),
      };
    case "ramping-arrival-rate":
      return sure(area(scenario.startRate ?? 0, scenario.stages) / 1_000);
    case "trace-replay":
      return sure(scenario.trace.atMs.length);
    case "shared-iterations":
      return sure(scenario.iterations);
    case "per-vu-iterations":
      return sure(scenario.iterations * scenario.vus);
    case "constant-vus":
      return closed(scenario.vus * (scenario.durationMs - warmupMs), scenario.thinkMs);
    case "ramping-vus":
      return closed(area(scenario.startVus ?? 0, scenario.stages), scenario.thinkMs);
    case "ladder": {
      const users = scenario.users.reduce((a, b) => a + b, 0);
      return closed(users * scenario.holdMs * (scenario.rounds ?? 3) * 0.9, scenario.thinkMs);
    }
    case "find-peak":
      return { most: null, about: null };
  }
}

/** Turns due before the end: later ones of the last sessions are asked in the drain, which no claim counts. */
function turnsWithin({
  rate,
  turns,
  durationMs,
  warmupMs = 0,
  thinkMs = 0,
}: SessionsScenario): number {
  const mean = typeof thinkMs === "object" ? (thinkMs[0] + thinkMs[1]) / 2 : thinkMs;
  let within = 0;
  for (let turn = 0; turn < turns; turn++) {
    const afterMs = turn * (mean + answerMs);
    within += Math.max(0, durationMs - afterMs - Math.max(0, warmupMs - afterMs));
  }
  return (rate * within) / 1_000;
}

type Think = number | readonly [number, number] | undefined;

/** Ms an iteration of a closed model is planned with: one answer, and the mean pause after it. */
export function iterationMs(thinkMs: Think): number {
  return answerMs + (typeof thinkMs === "object" ? (thinkMs[0] + thinkMs[1]) / 2 : (thinkMs ?? 0));
}

function closed(userMs: number, thinkMs: Think): Planned {
  const least = typeof thinkMs === "object" ? thinkMs[0] : (thinkMs ?? 0);
  return {
    most: least > 0 ? Math.ceil(userMs / least) : null,
    about: Math.floor(userMs / iterationMs(thinkMs)),
  };
}

/** Integral of stages that move linearly, or step, from a start. */
function area(
  start: number,
  stages: readonly { durationMs: number; target: number; step?: boolean }[],
): number {
  let [from, sum] = [start, 0];
  for (const { durationMs, target, step } of stages) {
    sum += (step === true ? target : (from + target) / 2) * durationMs;
    from = target;
  }
  return sum;
}
