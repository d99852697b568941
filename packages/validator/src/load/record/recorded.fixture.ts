import { createFlight } from "../engine/flight.ts";
import type { LoadPlan } from "../types.ts";
import { Recorder } from "./recorder.ts";

const scenario = {
  executor: "constant-arrival-rate",
  rate: 10,
  durationMs: 10_000,
  startMs: 2_000,
  request: { kind: "http", method: "GET", path: "/" },
} as const;

/** Two scenarios: the first has a name that needs escaping, nothing falls due in `idle`. */
export function recordedPlan(precision: "normal" | "high"): LoadPlan {
  return {
    target: { baseUrl: "http://127.0.0.1:1" },
    seed: 7,
    precision,
    scenarios: { 'a "b", c': scenario, idle: scenario },
    limits: [],
  };
}

/** Asked each ms, answered after 1 to `n` ms and a half, with one failure; begun at 0. */
export function recorded(precision: "normal" | "high", n = 1_000): Recorder {
  const recorder = new Recorder(recordedPlan(precision));
  recorder.begin(0);
  for (let ms = 1; ms <= n; ms++) {
    const flight = createFlight(0, ms, 2_000 + ms);
    flight.wakeMs = flight.sendMs = 2_000 + ms;
    flight.doneMs = 2_000 + ms + ms + 0.5;
    recorder.due(0, flight);
    recorder.ended(flight, ms === n ? "status_503" : "ok");
  }
  return recorder;
}
