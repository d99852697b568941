import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { isRecord } from "@loadline/kit/json";
import { seededRandom } from "@loadline/kit/random";
import { expect, it } from "vitest";
import { configSchema } from "../config/schema.ts";
import { usualDoors } from "../egress/doors.fixture.ts";
import { openTargets } from "../routing/compile.ts";
import { routeOf, targetsOf } from "../routing/world.fixture.ts";
import { compileSnapshot } from "../snapshot/snapshot.ts";
import { createHealth } from "./health.ts";

/** /health over one route whose targets are there or not, looked at each 2 s. */
function over(names: string, latencyMs: Readonly<Record<string, number>>) {
  const clock = new TestClock();
  const config = configSchema.parse({
    targets: targetsOf(names),
    routes: routeOf([{ targets: names }]),
  });
  const { signal } = new AbortController();
  const logger = createLogger({ clock, write: () => undefined, level: "silent" });
  const random = seededRandom(1);
  const outside = { egress: usualDoors(), signal, runDir: "unused" };
  const ready = new Set(names);
  const targets = new Map(
    [...openTargets(config, { clock, random, logger, ...outside })].map(([name, target]) => {
      const upstream = { ...target.upstream, isReady: () => ready.has(name) };
      return [name, { ...target, upstream }];
    }),
  );
  const live = { current: compileSnapshot(config, targets) };
  const latencyMsOf = (name: string): number | undefined => latencyMs[name];
  const deps = { clock, live, version: "1", signal, latencyMsOf };
  const health = createHealth(deps);
  const route = (): unknown => {
    const { body } = health.health();
    const components = isRecord(body) ? body["components"] : undefined;
    return isRecord(components) ? components["route:r"] : undefined;
  };
  return { clock, ready, route, now: () => new Date(clock.wallMs()).toISOString() };
}

it("a route says since when it is as it is, though nobody asked when it changed", () => {
  const { clock, ready, route, now } = over("ab", { a: 40, b: 12.345 });
  const begun = now();
  expect(route()).toEqual({ required: true, state: "ok", since: begun, latencyMs: 12.35 });
  clock.advance(5000);
  expect(route()).toMatchObject({ state: "ok", since: begun });
  ready.delete("b");
  clock.advance(1000);
  const lost = now();
  clock.advance(60_000);
  const code = "LL_MODEL_HOST_EXIT";
  expect(route()).toEqual({ required: true, state: "degraded", since: lost, latencyMs: 40, code });
  ready.clear();
  const gone = now();
  expect(route()).toEqual({
    required: true,
    state: "down",
    since: gone,
    code: "LL_ROUTE_NO_TARGET",
  });
});

it("a route that nobody called has no latency", () => {
  expect(over("a", {}).route()).not.toHaveProperty("latencyMs");
});
