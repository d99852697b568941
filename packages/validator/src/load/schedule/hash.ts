import { createHash } from "node:crypto";
import { canonicalJson } from "@loadline/contract/canonical-json";
import type { OpenScenario, Scenario, ScheduledScenario } from "../scenario-types.ts";
import type { LoadPlan } from "../types.ts";
import { arrivalChunks, scenarioSeed } from "./arrivals.ts";

export interface ScheduleDigest {
  /** SHA-256, hex. */
  readonly hash: string;
  /** Arrivals per scenario; null where users decide. */
  readonly planned: ReadonlyMap<string, number | null>;
}

const scheduled: ReadonlySet<Scenario["executor"]> = new Set<ScheduledScenario["executor"]>([
  "constant-arrival-rate",
  "ramping-arrival-rate",
  "sessions",
  "trace-replay",
]);
/** Executors of the open model. */
export const openExecutors: ReadonlySet<string> = new Set([...scheduled, "find-peak"]);

/** Whether every arrival is known before the run. */
export function isScheduled(scenario: Scenario): scenario is ScheduledScenario {
  return scheduled.has(scenario.executor);
}

/** Open model: iterations fall due whatever the target does. */
export function isOpenScenario(scenario: Scenario): scenario is OpenScenario {
  return openExecutors.has(scenario.executor);
}

/** Offsets in ms of every arrival of a scenario, or null where users decide. */
export function scheduledMs(plan: LoadPlan, name: string): readonly number[] | null {
  const scenario = plan.scenarios[name];
  if (scenario === undefined || !isScheduled(scenario)) return null;
  const seed = scenarioSeed(plan.seed, name);
  return [...arrivalChunks(scenario, seed)].flatMap((chunk) => [...chunk]);
}

/** What will be sent when, as one hash: every offset of open scenarios, the terms of closed ones. */
export function digestSchedule(plan: LoadPlan): ScheduleDigest {
  const hash = createHash("sha256");
  const planned = new Map<string, number | null>();
  for (const name of Object.keys(plan.scenarios).toSorted()) {
    const scenario = plan.scenarios[name];
    if (scenario === undefined) continue;
    hash.update(canonicalJson({ name, seed: plan.seed, scenario: termsOf(scenario) }));
    if (!isScheduled(scenario)) {
      planned.set(name, null);
      continue;
    }
    if (scenario.executor === "trace-replay") {
      const { inputTokens, outputTokens, hashIds } = scenario.trace;
      for (const column of [inputTokens, outputTokens, hashIds]) hash.update(bytesOf(column));
    }
    let count = 0;
    for (const chunk of arrivalChunks(scenario, scenarioSeed(plan.seed, name))) {
      count += chunk.length;
      hash.update(bytesOf(chunk));
    }
    planned.set(name, count);
  }
  return { hash: hash.digest("hex"), planned };
}

/** Data that JSON can hold; the columns of a trace are hashed as bytes. */
function termsOf(scenario: Scenario): object {
  return scenario.executor === "trace-replay"
    ? { ...scenario, trace: scenario.trace.atMs.length }
    : scenario;
}

function bytesOf(column: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
