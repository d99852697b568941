import { breakerDefaults, CircuitBreaker } from "@loadline/kit/circuit-breaker";
import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { configSchema } from "../config/schema.ts";
import { usualDoors } from "../egress/doors.fixture.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { openTargets } from "./compile.ts";
import { type PermitOwner, TargetPermit } from "./permit.ts";
import { TargetState, type TargetTuning } from "./target-state.ts";
import { routeOf, targetsOf } from "./world.fixture.ts";

const clock = new TestClock();
const random = seededRandom(1);
const tuning: TargetTuning = {
  retry: { share: 0.1, perSecond: 1 },
  weight: 1,
  maxInFlight: 2,
  capacity: 10,
  price: () => undefined,
};

/** One target of a simulator, whose model may be loading. */
function made(keys = 0) {
  const config = configSchema.parse({
    targets: targetsOf("a"),
    routes: routeOf([{ targets: "a" }]),
  });
  const logger = createLogger({ clock, write: () => undefined, level: "silent" });
  const { signal } = new AbortController();
  const outside = { egress: usualDoors(), signal, runDir: "unused" };
  const opened = openTargets(config, { clock, random, logger, ...outside });
  const target = opened.get("a");
  if (!target) throw new Error("no target");
  const ready = { is: true };
  const upstream: Upstream = {
    keys: [],
    call: () => ({ abort: () => undefined, pause: () => undefined, resume: () => undefined }),
    isReady: () => ready.is,
    close: () => Promise.resolve(),
  };
  const state = new TargetState({
    target: {
      ...target,
      upstream,
      keys: Array.from({ length: keys }, (_, i) => ({ id: `a/${i}`, headers: [] })),
    },
    index: 0,
    settings: "",
    breaker: new CircuitBreaker({ settings: breakerDefaults, random }),
    tuning,
  });
  return { state, ready };
}

const owner: PermitOwner = {
  answers: "whole",
  nowMs: () => 0,
  onContent: () => undefined,
  onEnd: () => undefined,
  onKeyOut: () => undefined,
};
const take = (state: TargetState, nowMs: number): TargetPermit | undefined =>
  TargetPermit.take(state, owner, { nowMs, isHedge: false });

describe("how long a target is waited for", () => {
  it("not at all while a call could begin", () => {
    const { state } = made();
    expect([state.waitMs(0), state.coolWaitMs(0)]).toEqual([0, 0]);
    state.inFlight = 1;
    expect([state.waitMs(0), state.coolWaitMs(0)]).toEqual([0, 0]);
  });

  it("a second at least while all its places are taken or its model loads, and never for a 429", () => {
    const { state, ready } = made();
    state.inFlight = 2;
    expect([state.waitMs(0), state.coolWaitMs(0)]).toEqual([1000, Number.POSITIVE_INFINITY]);
    state.inFlight = 0;
    ready.is = false;
    expect([state.waitMs(0), state.coolWaitMs(0)]).toEqual([1000, Number.POSITIVE_INFINITY]);
    state.cool(5000);
    expect(state.waitMs(0)).toBe(5000);
  });

  it("until its Retry-After, which a shorter one does not end", () => {
    const { state } = made();
    state.cool(5000);
    state.cool(2000);
    expect([state.waitMs(1000), state.coolWaitMs(1000)]).toEqual([4000, 4000]);
    expect([state.isUsable(4999), state.isUsable(5000)]).toEqual([false, true]);
  });

  it("until the first of its keys is back", () => {
    const { state } = made(2);
    state.keys[0]?.end("cool", 9000, 0);
    expect(state.coolWaitMs(0)).toBe(0);
    state.keys[1]?.end("cool", 3000, 0);
    expect([state.waitMs(0), state.coolWaitMs(0)]).toEqual([3000, 3000]);
  });

  it("as long as its breaker is open, and never as for a 429", () => {
    const { state } = made();
    state.breaker.force("open", 0);
    expect(state.waitMs(0)).toBe(breakerDefaults.openForMaxMs);
    expect(state.coolWaitMs(0)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("other figures for a target that stays", () => {
  it("keep what its retries have saved, unless it is their figures that are others", () => {
    const { state } = made();
    expect([state.budget.take(0), state.budget.take(0)]).toEqual([true, false]);
    state.tune({ ...tuning, weight: 5, maxInFlight: 9, capacity: 3 });
    expect([state.weight, state.maxInFlight, state.capacity]).toEqual([5, 9, 3]);
    expect(state.budget.take(0)).toBe(false);
    for (const retry of [
      { share: 0.2, perSecond: 1 },
      { share: 0.2, perSecond: 2 },
    ]) {
      state.tune({ ...tuning, retry });
      expect(state.budget.take(0)).toBe(true);
    }
  });
});

describe("a permit that a target cannot give", () => {
  it.each([
    ["all its places are taken", (s: TargetState) => void (s.inFlight = 2)],
    ["it rests after a 429", (s: TargetState) => s.cool(1)],
    ["its breaker is open", (s: TargetState) => s.breaker.force("open", 0)],
    ["every key is out", (s: TargetState) => s.keys.forEach((key) => key.end("out", undefined, 0))],
  ])("takes nothing while %s", (_why, hinder) => {
    const { state } = made(2);
    hinder(state);
    expect(state.isUsable(0)).toBe(false);
    const before = state.inFlight;
    expect(take(state, 0)).toBeUndefined();
    expect(state.inFlight).toBe(before);
  });

  it("leaves the turn of the keys and the trials of a half-open breaker as they were", () => {
    const { state } = made(2);
    for (let i = 0; i < 20; i++) take(state, 0)?.end("server", undefined, 0);
    const dueMs = state.breaker.waitMs(0);
    state.cool(dueMs + 1000);
    for (let i = 0; i < 10; i++) expect(take(state, dueMs)).toBeUndefined();
    state.tune({ ...tuning, maxInFlight: 10 });
    const given = Array.from({ length: 4 }, () => take(state, dueMs + 1000));
    expect(given.map((permit) => permit?.key?.id)).toEqual(["a/0", "a/1", "a/0", undefined]);
    for (const permit of given) permit?.end("ok", undefined, dueMs + 1000);
    expect([state.inFlight, state.breaker.stateAt(dueMs + 1000)]).toEqual([0, "closed"]);
  });
});
