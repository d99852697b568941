import { describe, expect, it } from "vitest";
import type { AttemptOutcome } from "./attempts.ts";
import { createWorld, routeOf, targetsOf, type World } from "./world.fixture.ts";

const config = {
  targets: targetsOf("a"),
  routes: routeOf([{ targets: "a" }]),
  breaker: { minVolume: 8, minFailures: 8 },
};

/** One call after the other until the breaker opens, or for 40. */
function callsUntilOpen(world: World, outcomes: readonly AttemptOutcome[]): number {
  for (let i = 0; i < 40; i++) {
    if (world.run(() => outcomes[i % outcomes.length] ?? "ok").length === 0) return i;
  }
  return 40;
}

describe("a target that is said to have failed", () => {
  it.each<[string, AttemptOutcome[]]>([
    ["answers with 5xx", ["server"]],
    ["dies", ["reset"]],
    ["is full now and then, and fails mostly otherwise", ["server", "overloaded", "server"]],
    ["is full as often as it fails otherwise", ["server", "overloaded"]],
  ])("is one that %s", (_what, outcomes) => {
    const world = createWorld(config);
    expect(callsUntilOpen(world, outcomes)).toBeLessThan(40);
    expect(world.tripped).toEqual(["a"]);
  });

  it.each<[string, AttemptOutcome[]]>([
    ["is full", ["overloaded"]],
    ["is mostly full", ["overloaded", "overloaded", "server"]],
  ])("is none that %s, though its breaker opens", (_what, outcomes) => {
    const world = createWorld(config);
    expect(callsUntilOpen(world, outcomes)).toBeLessThan(40);
    expect(world.routing.breakers.list()[0]?.state).toBe("open");
    expect(world.tripped).toEqual([]);
  });

  it("is none that an operator holds open", () => {
    const world = createWorld(config);
    expect(world.routing.breakers.override("a", "open")).toBe(true);
    expect(world.tripped).toEqual([]);
  });

  it("is judged by its last failures: what it was full of before is over", () => {
    const world = createWorld(config);
    callsUntilOpen(world, ["overloaded"]);
    world.clock.advance(3_600_000);
    for (let i = 0; i < 3; i++) world.run(() => "ok");
    callsUntilOpen(world, ["server"]);
    expect(world.tripped).toEqual(["a"]);
  });
});
