import type { Recorder } from "../record/recorder.ts";
import type { ScenarioRecord } from "../record/scenario-record.ts";
import { shareOf } from "../executors/executor.ts";
import { missingMax } from "../executors/iterations.ts";
import { durationOf } from "../plan/duration.ts";
import type { Scenario } from "../scenario-types.ts";
import { arrivalChunks, scenarioSeed } from "../schedule/arrivals.ts";
import { isScheduled } from "../schedule/hash.ts";
import { createFlight } from "./flight.ts";

/** A sender that ended before its work. */
export interface LostSender {
  /** What it had counted. */
  readonly recorder: Recorder;
  readonly worker: number;
  readonly workers: number;
  readonly seed: number;
}

/**
 * Counts into `into` what a lost sender leaves behind, as `generator`: what it had under way, and
 * every arrival of its schedule that it had not let go. The sample never gets smaller by a loss.
 * Returns how many requests that were.
 */
export function countOrphans(into: Recorder, lost: LostSender): number {
  let orphans = 0;
  lost.recorder.scenarios.forEach((record, at) => {
    const target = into.at(at);
    orphans += countUnderWay(target, record, at);
    orphans += countNeverSent(target, record, { ...lost, at });
  });
  return orphans;
}

function countUnderWay(into: ScenarioRecord, record: ScenarioRecord, at: number): number {
  const { series } = record;
  const durationMs = durationOf(record.scenario);
  let found = 0;
  for (let slice = 0; slice < series.slices; slice++) {
    const intendedMs = into.startMs + lastMsOf(slice, series.sliceMs, durationMs);
    for (let open = series.openIn(slice); open > 0; open--) {
      const flight = createFlight(at, 0, intendedMs);
      flight.step = -1;
      into.ended(flight, "generator");
      found++;
    }
  }
  for (let open = record.iterating; open > 0; open--) {
    into.iteration(into.startMs + durationMs - 1, Number.NaN, "generator");
  }
  return found;
}

/**
 * For the exact time, which is lost with the sender: the last of its slice that claims count. An
 * earlier one might be of the warm-up, a later one of the drain, and in no sample.
 */
function lastMsOf(slice: number, sliceMs: number, durationMs: number): number {
  const startMs = slice * sliceMs;
  const endMs = startMs + sliceMs;
  return Math.max(startMs, (startMs < durationMs ? Math.min(endMs, durationMs) : endMs) - 1);
}

function countNeverSent(
  into: ScenarioRecord,
  record: ScenarioRecord,
  of: LostSender & { at: number },
): number {
  const { scenario, name } = record;
  if (!isScheduled(scenario)) return countNotBegun(into, record, of);
  const turns = scenario.executor === "sessions" ? scenario.turns : 1;
  const first = record.released * of.workers + of.worker;
  let index = 0;
  let found = 0;
  for (const chunk of arrivalChunks(scenario, scenarioSeed(of.seed, name))) {
    for (const offsetMs of chunk) {
      const mine = index >= first && index % of.workers === of.worker;
      index++;
      if (!mine) continue;
      for (let turn = 0; turn < turns; turn++) {
        into.iteration(into.startMs + offsetMs, Number.NaN, "generator");
        const flight = createFlight(of.at, index - 1, into.startMs + offsetMs);
        flight.step = -1;
        into.started(flight);
        into.ended(flight, "generator");
        found++;
      }
    }
  }
  return found;
}

/** Iterations of its share that a lost sender had not begun, where their number is planned. */
function countNotBegun(
  into: ScenarioRecord,
  { scenario, released }: ScenarioRecord,
  of: LostSender & { at: number },
): number {
  const missing = Math.min(missingMax, iterationsOf(scenario, of) - released);
  const intendedMs = into.startMs + durationOf(scenario) - 1;
  for (let i = 0; i < missing; i++) {
    const flight = createFlight(of.at, i, intendedMs);
    flight.step = -1;
    into.iteration(intendedMs, Number.NaN, "generator");
    into.started(flight);
    into.ended(flight, "generator");
  }
  return Math.max(0, missing);
}

/** A worker's iterations; 0 where time alone ends them. */
function iterationsOf(scenario: Scenario, of: LostSender): number {
  if (scenario.executor === "shared-iterations") return shareOf(scenario.iterations, of);
  if (scenario.executor !== "per-vu-iterations") return 0;
  return scenario.iterations * shareOf(scenario.vus, of);
}
