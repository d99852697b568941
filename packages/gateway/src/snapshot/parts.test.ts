import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { seededRandom } from "@loadline/kit/random";
import { createRoster } from "@loadline/kit/roster";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load.ts";
import { configSchema, type GatewayConfig } from "../config/schema.ts";
import { Secret } from "../config/values.ts";
import { usualDoors } from "../egress/doors.fixture.ts";
import { exchangeOf } from "../limits/limits.fixture.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import { compileRoutes, openTargets } from "../routing/compile.ts";
import type { Target } from "../routing/routes.ts";
import { changedPaths, digestOf, isSame } from "./compare.ts";
import { createReloadMetrics } from "./metrics.ts";
import { createNames } from "./names.ts";
import { createReloader } from "./reloader.ts";
import { simulated } from "./reload.fixture.ts";
import { liveChanges } from "./restart.ts";
import { createRetired } from "./retired.ts";
import { compileSnapshot, type Snapshot } from "./snapshot.ts";
import { nextTargets } from "./targets.ts";

const configOf = (settings: unknown): GatewayConfig => configSchema.parse(settings);
const silent = createLogger({ clock: new TestClock(), write: () => undefined, level: "silent" });
const targetDeps = {
  clock: new TestClock(),
  random: seededRandom(1),
  logger: silent,
  egress: usualDoors(),
  signal: new AbortController().signal,
  runDir: mkdtempSync(join(tmpdir(), "ll-snapshot-")),
};

/** Counts how often each target's transport is closed. */
function watched(target: Target, closed: string[]): Target {
  const upstream = Object.create(target.upstream, {
    close: {
      value: () => {
        closed.push(target.name);
        return Promise.resolve();
      },
    },
  });
  return { ...target, upstream };
}

describe("comparing configurations", () => {
  it("sees through order and undefined members, and into values of secrets", () => {
    expect(isSame({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1, d: undefined })).toBe(true);
    expect(isSame([1, 2], [2, 1])).toBe(false);
    expect(isSame({ a: 1 }, { a: 1, b: 2 })).toBe(false);
    expect(isSame(new Secret("x", "r"), new Secret("x", "other"))).toBe(true);
    expect(isSame(new Secret("x", "r"), new Secret("y", "r"))).toBe(false);
    expect(isSame(new Secret("x", "r"), { reference: "r" })).toBe(false);
  });

  it("names what changed by section and key", () => {
    const before = { a: { x: 1, y: 2 }, b: [1], c: 3 };
    const after = { a: { x: 1, y: 3, z: 4 }, b: [2], c: 3, d: { e: 1 } };
    expect(changedPaths(before, after)).toEqual(["a.y", "a.z", "b", "d"]);
    expect(changedPaths(before, before)).toEqual([]);
  });

  it("gives equal configurations one digest, in which no secret counts but by its reference", () => {
    const one = { a: 1, k: new Secret("x", "${env:K}") };
    expect(digestOf({ k: new Secret("y", "${env:K}"), a: 1 })).toBe(digestOf(one));
    expect(digestOf({ ...one, a: 2 })).not.toBe(digestOf(one));
    expect(digestOf(one)).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe("what needs a restart", () => {
  it.each([
    ["listen.port", { listen: { port: 1 } }],
    ["stateDir", { stateDir: "other" }],
    ["stores.redis", { stores: { redis: "redis://127.0.0.1:1" } }],
    ["stores.sql", { stores: { sql: "sqlite:other" } }],
    ["http.front", { http: { front: "node" } }],
    ["admin.enabled", { admin: { enabled: false } }],
    ["auth.staleGrace", { auth: { staleGrace: "1s" } }],
    ["addressLimit.failuresPerMinute", { addressLimit: { failuresPerMinute: 7 } }],
    ["auditLog.heads", { auditLog: { heads: "heads" } }],
    ["env", { env: "other" }],
  ])("%s, together with what would not", (path, settings) => {
    const after = configOf({ ...settings, timeouts: { idle: "9s" } });
    expect(() => liveChanges(configOf({}), after)).toThrow(
      new RegExp(`^${path}: cannot change while the gateway runs; nothing was applied\\.$`),
    );
  });

  it("nothing of what a reload applies", () => {
    const after = configOf({ timeouts: { idle: "9s" }, limits: [], log: { level: "warn" } });
    expect(liveChanges(configOf({}), after)).toEqual(["timeouts.idle", "log.level"]);
  });
});

describe("names of the metrics", () => {
  it("only become more, up to a bound, and beyond it none is added", () => {
    const names = createNames(2);
    names.grow(configOf(simulated()));
    const other = configOf({ routes: { x: { models: ["n"], groups: [{ targets: ["s"] }] } } });
    names.grow(other);
    expect([names.routes.values, names.routesOrNone.values]).toEqual([
      ["r", "x"],
      ["_none", "r", "x"],
    ]);
    const third = { models: ["m"], groups: [{ targets: ["s"] }] };
    expect(() => names.grow(configOf({ routes: { y: third } }))).toThrow("over 2 names");
    expect([names.routes.values.length, names.models.values]).toEqual([2, ["m", "n"]]);
  });
});

describe("pairs of a route and a target of it", () => {
  const routeOver = (count: number) => {
    const targets = Array.from({ length: count }, (_, i) => `t${i}`);
    const settings = targets.map((name) => [name, { provider: "simulator" }]);
    const groups = [{ targets: targets.slice(0, 64) }];
    const more = { models: ["m"], groups, onContextLength: targets.at(-1) };
    const routes = Array.from({ length: 16 }, (_, i) => [`r${i}`, { ...more, models: [`m${i}`] }]);
    return configOf({ targets: Object.fromEntries(settings), routes: Object.fromEntries(routes) });
  };

  it("are those of the configuration, the target for long prompts included, and stay", () => {
    const names = createNames();
    names.grow(configOf(simulated()));
    names.grow(configOf(simulated({ tokens: 4 })));
    expect(names.routeTargets.values).toEqual(["_other,_other", "r,s"]);
    names.grow(routeOver(3));
    expect(names.routeTargets.values).toContain("r15,t2");
    expect(names.routeTargets.values).toHaveLength(2 + 16 * 3);
  });

  it("are bounded: what comes later has no series of its own", () => {
    const names = createNames();
    names.grow(routeOver(70));
    names.grow(configOf(simulated()));
    expect(names.routeTargets.values).toHaveLength(1024);
    expect(names.routeTargets.indexOf("r,s")).toBe(-1);
  });
});

describe("targets over a reload", () => {
  const before = configOf({
    targets: { a: { provider: "simulator" }, b: { provider: "simulator" } },
  });
  const open = openTargets(before, targetDeps);
  const next = (targets: object, more: object = {}) =>
    nextTargets(configOf({ targets, ...more }), { config: before, targets: open }, targetDeps);

  it("are the same objects while their provider's settings are, whatever routing reads of them", () => {
    const a = { provider: "simulator", weight: 9, maxInFlight: 3 };
    const { targets, opened } = next({ a, b: { provider: "simulator", tokens: 5 } });
    expect(targets.get("a")).toBe(open.get("a"));
    expect(targets.get("b")).not.toBe(open.get("b"));
    expect(opened.map(({ name }) => name)).toEqual(["b"]);
  });

  it("are opened again when the time to connect changes", () => {
    const { opened } = next(before.targets, { timeouts: { connect: "1s" } });
    expect(opened.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("are opened again when the content of a key's file changes, which the digest does not tell", () => {
    const dir = mkdtempSync(join(tmpdir(), "ll-secret-"));
    const file = join(dir, "key");
    const read = (secret: string): GatewayConfig => {
      writeFileSync(file, secret);
      const keys = [`\${file:${file}}`];
      const a = {
        provider: "openai-compatible",
        model: "m",
        baseUrl: "http://127.0.0.1:9/v1",
        keys,
      };
      return loadConfig(undefined, {}, { targets: { a } });
    };
    const one = read("one");
    const two = read("two");
    expect(digestOf(one)).toBe(digestOf(two));
    expect(liveChanges(one, two)).toEqual(["targets.a"]);
    const targets = openTargets(one, targetDeps);
    expect(nextTargets(two, { config: one, targets }, targetDeps).opened).toHaveLength(1);
    expect(nextTargets(read("one"), { config: one, targets }, targetDeps).opened).toHaveLength(0);
  });
});

describe("retired targets", () => {
  it("are closed once no exchange under way has a route with them, and at the end at the latest", async () => {
    const clock = new TestClock();
    const config = configOf({
      targets: Object.fromEntries(["a", "b", "c"].map((name) => [name, { provider: "simulator" }])),
      routes: { r: { models: ["m"], groups: [{ targets: ["a"] }], onContextLength: "c" } },
    });
    const closed: string[] = [];
    const open = openTargets(config, { ...targetDeps, clock });
    const targets = new Map([...open].map(([name, target]) => [name, watched(target, closed)]));
    const inFlight = createRoster<Exchange>();
    const x = exchangeOf({}, clock);
    x.route = compileRoutes(config, targets).routes[0];
    inFlight.add(x);
    const retired = createRetired({ clock, logger: silent, inFlight });
    retired.add([...targets.values()]);
    expect(closed).toEqual([]);
    clock.advance(250);
    expect(closed).toEqual(["b"]);
    clock.advance(60_000);
    expect(closed).toEqual(["b"]);
    inFlight.remove(x);
    clock.advance(250);
    expect(closed).toEqual(["b", "a", "c"]);
    inFlight.add(x);
    retired.add([...targets.values()]);
    await retired.close();
    expect(closed.toSorted()).toEqual(["a", "a", "b", "b", "c", "c"]);
  });
});

describe("reloads that come together", () => {
  function setup() {
    const config = configOf(simulated());
    const names = createNames();
    names.grow(config);
    const targets = openTargets(config, targetDeps);
    const live: { current: Snapshot } = { current: compileSnapshot(config, targets, names) };
    const metrics = createMetrics();
    const installed: string[] = [];
    const reloader = createReloader({
      live,
      names,
      metrics: createReloadMetrics(metrics, () => live.current.digest),
      logger: silent,
      targets: { ...targetDeps, clock: systemClock() },
      install: (next) => void installed.push(next.digest),
      check: () => undefined,
      retire: () => undefined,
    });
    return { reloader, installed, live, metrics };
  }

  it("read once after the one under way, so that what was written last is what runs", async () => {
    const { reloader, installed, live } = setup();
    let reads = 0;
    const read = (): GatewayConfig => configOf(simulated({ tokens: ++reads }));
    const reports = await Promise.all(
      Array.from({ length: 20 }, () => reloader.read(() => Promise.resolve(read()))),
    );
    expect(reads).toBe(1);
    expect(new Set(reports.map(({ digest }) => digest)).size).toBe(1);
    await reloader.read(read);
    expect([reads, installed.length]).toEqual([2, 2]);
    expect(live.current.digest).toBe(installed[1]);
  });

  it("with a reader that fails unforeseen say so and change nothing", async () => {
    const { reloader, live, installed, metrics } = setup();
    const before = live.current;
    const report = await reloader.read(() => Promise.reject(new Error("the disk is gone")));
    expect(report.problem).toBe("LL_INTERNAL_UNEXPECTED the disk is gone");
    expect([live.current, installed.length, reloader.isStale]).toEqual([before, 0, true]);
    expect(metrics.render()).toContain('loadline_config_reloads_total{outcome="invalid"} 1\n');
  });
});
