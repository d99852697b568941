import type { Scenario, SessionsScenario, TraceScenario } from "../types.ts";

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
      return sure(area(scenario.startRate ?? 0, scenario.stages, warmupMs) / 1_000);
    case "trace-replay":
      return sure(rowsFrom(scenario, warmupMs));
    case "shared-iterations":
      return sure(scenario.iterations);
    case "per-vu-iterations":
      return sure(scenario.iterations * scenario.vus);
    case "constant-vus":
      return closed(scenario.vus * (scenario.durationMs - warmupMs), scenario.thinkMs);
    case "ramping-vus":
      return closed(area(scenario.startVus ?? 0, scenario.stages, warmupMs), scenario.thinkMs);
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

/** Rows of a trace that fall due after its warm-up. */
function rowsFrom({ trace, speed = 1 }: TraceScenario, warmupMs: number): number {
  const { atMs } = trace;
  return atMs.length - 1 - atMs.findLastIndex((ms) => ms < warmupMs * speed);
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

/** Integral of stages that move linearly, or step, from a start; what lies before `fromMs` left out. */
function area(
  start: number,
  stages: readonly { durationMs: number; target: number; step?: boolean }[],
  fromMs: number,
): number {
  let [from, sum, atMs] = [start, 0, 0];
  for (const { durationMs, target, step } of stages) {
    const first = step === true ? target : from;
    const cut = Math.min(durationMs, Math.max(0, fromMs - atMs)) / durationMs;
    const atCut = first + (target - first) * cut;
    sum += ((atCut + target) / 2) * durationMs * (1 - cut);
    atMs += durationMs;
    from = target;
  }
  return sum;
}
