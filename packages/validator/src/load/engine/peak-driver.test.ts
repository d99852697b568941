import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { Arena } from "../record/arena.ts";
import { type PhaseCounts, phasesOf } from "../record/phases.ts";
import type { FindPeakScenario } from "../scenario-types.ts";
import { createFlight } from "./flight.ts";
import type { LaneCommand } from "./lane.ts";
import { PeakDriver } from "./peak-driver.ts";

const scenario: FindPeakScenario = {
  executor: "find-peak",
  startRate: 100,
  rateMax: 1_000,
  stepMs: 10_000,
  pass: { limitMs: 1_000, share: 0.9 },
  request: { kind: "http", method: "GET", path: "/" },
};

/** A search whose target has `inFlight` requests under way and answers in `ms`, look by look. */
function search(senders = 1) {
  const phases = phasesOf(scenario, new Arena(), 20);
  const told: LaneCommand[] = [];
  const driver = new PeakDriver({
    at: 0,
    scenario,
    seed: 3,
    clock: new TestClock(),
    broadcast: (command) => void told.push(command),
    phase: (phase) => phases[phase],
    senders: () => senders,
  });
  const answer = (phase: PhaseCounts, ms: number): void => {
    const flight = createFlight(0, 0, 0);
    flight.doneMs = ms;
    phase.ended(flight, "ok");
  };
  const look = (at: number, inFlight: number, ms: number): void => {
    const phase = phases[at];
    if (phase === undefined) throw new TypeError("no such step");
    while (phase.inFlight < inFlight + 5) phase.started();
    while (phase.inFlight > inFlight) answer(phase, ms);
    driver.look();
  };
  const cuts = () => told.filter(({ type }) => type === "peak.cut");
  const steps = () => told.flatMap((one) => (one.type === "peak" ? [one.step] : []));
  return { driver, look, cuts, steps };
}

describe("who leads a search for the peak", () => {
  it("cuts a step once in which requests pile up and answers get slower, and it has failed", () => {
    const { driver, look, cuts, steps } = search();
    driver.ready(0);
    for (let i = 0; i < 20; i++) look(0, 4 + 6 * i, 10 + 5 * i);
    expect(cuts()).toEqual([{ type: "peak.cut", scenario: 0, phase: 0 }]);
    driver.ready(0);
    expect(driver.result.steps).toMatchObject([{ rate: 100, verdict: "failed", cut: true }]);
    // Halved, and of the next step nothing is cut yet.
    expect(steps().at(-1)).toMatchObject({ phase: 1, rate: 50 });
  });

  it.each([
    ["more are under way and none gets slower", (i: number) => [4 + 6 * i, 10] as const],
    ["answers get slower and no more are under way", (i: number) => [40, 10 + 5 * i] as const],
    ["a few more are under way", (i: number) => [Math.min(7, i), 10 + i] as const],
  ])("lets a step go on in which %s", (_what, at) => {
    const { driver, look, cuts } = search();
    driver.ready(0);
    for (let i = 0; i < 20; i++) look(0, ...at(i));
    expect(cuts()).toEqual([]);
  });

  it("gives a step when every sender that lives waits for it, each with arrivals of its own number", () => {
    const { driver, look, steps } = search(2);
    driver.ready(0);
    expect(steps()).toEqual([]);
    driver.ready(1);
    expect(steps()).toMatchObject([{ phase: 0, rate: 100, firstIndex: 0 }]);
    for (let i = 0; i < 60; i++) look(0, 0, 10);
    driver.ready(1);
    driver.ready(0);
    // 10 s of 100 a second came before it.
    expect(steps()[1]).toMatchObject({ phase: 1, rate: 200, firstIndex: 1_000 });
  });
});
