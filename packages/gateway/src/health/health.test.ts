import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load.ts";
import { compileSnapshot } from "../snapshot/snapshot.ts";
import { createHealth, type Health, type HealthDeps } from "./health.ts";

/** Health over routes of which no target runs; `critical` as it is written, absent for the default. */
function over(
  routes: Readonly<Record<string, { critical?: boolean }>>,
  more: Partial<HealthDeps> = {},
): Health {
  const groups = [{ targets: ["s"] }];
  const entries = Object.entries(routes).map(([name, route]) => [
    name,
    { ...route, models: [name], groups },
  ]);
  const config = loadConfig(
    undefined,
    {},
    { targets: { s: { provider: "simulator" } }, routes: Object.fromEntries(entries) },
  );
  const live = { current: compileSnapshot(config, new Map()) };
  return createHealth({
    clock: new TestClock(),
    live,
    version: "1.2.3",
    environment: "test",
    ...more,
  });
}

describe("readiness", () => {
  it("waits for the listener, and is gone with the drain", () => {
    const health = over({});
    expect(health.notReady()).toEqual(["starting"]);
    health.setListening();
    expect(health.notReady()).toEqual([]);
    health.setDraining();
    expect(health.notReady()).toEqual(["draining"]);
  });

  it("names each route without a target, unless it is written that the route is not critical", () => {
    const health = over({
      byDefault: {},
      critical: { critical: true },
      spare: { critical: false },
    });
    health.setListening();
    expect(health.notReady()).toEqual(["route byDefault: no target", "route critical: no target"]);
  });

  it("names stages that requests pass by", () => {
    const health = over({}, { missing: () => ["reserve"] });
    health.setListening();
    expect(health.notReady()).toEqual(["LL_SERVER_STAGE_MISSING reserve"]);
  });
});

describe("health", () => {
  it("names the commit it was built from, and says so where nobody knows it", () => {
    expect(over({}, { commit: "c0ffee" }).health().body).toMatchObject({ commit: "c0ffee" });
    expect(over({}).health().body).toMatchObject({ version: "1.2.3", commit: null });
  });

  it("and the root name the same build, the root whatever state it is in", () => {
    const health = over({ chat: {} }, { commit: "c0ffee" });
    const about = { name: "loadline", version: "1.2.3", commit: "c0ffee", apiVersions: ["v1"] };
    expect(health.about()).toEqual(about);
    const { version, commit } = about;
    expect(health.health()).toMatchObject({ isOk: false, body: { version, commit } });
    expect(over({}).about()).toEqual({ ...about, commit: null });
  });

  it("is bad while a critical route has no target, and only says so of another", () => {
    const spare = over({ spare: { critical: false } });
    spare.setListening();
    expect(spare.health()).toMatchObject({
      isOk: true,
      body: { status: "ok", components: { "route:spare": { required: false } } },
    });
    const critical = over({ chat: {} });
    critical.setListening();
    expect(critical.health()).toMatchObject({
      isOk: false,
      body: { status: "unavailable", components: { "route:chat": { required: true } } },
    });
  });

  it("is bad while a required dependency is down, and readiness is not touched", () => {
    let down: readonly string[] = [];
    const dependencies = { add: () => undefined, components: () => ({}), down: () => down };
    const health = over({}, { dependencies });
    health.setListening();
    expect(health.health().isOk).toBe(true);
    down = ["sql"];
    expect(health.health().isOk).toBe(false);
    expect(health.notReady()).toEqual([]);
  });

  it("names the configuration that is in force, another one after it was replaced", () => {
    const live = { current: compileSnapshot(loadConfig(undefined, {}, {}), new Map()) };
    const health = over({}, { live });
    const digestIn = (): unknown => Object(health.health().body)["configDigest"];
    const first = live.current.digest;
    expect(digestIn()).toBe(first);
    const http = { bodyBytesMax: 4096 };
    live.current = compileSnapshot(loadConfig(undefined, {}, { http }), new Map());
    expect(live.current.digest).not.toBe(first);
    expect(digestIn()).toBe(live.current.digest);
  });

  it("says that what is written is not in force, with version and start", () => {
    let isStale = false;
    const health = over({}, { isStale: () => isStale });
    expect(health.health().body).toMatchObject({
      config: "current",
      version: "1.2.3",
      environment: "test",
    });
    isStale = true;
    const startedAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(health.health().body).toMatchObject({ config: "stale", startedAt });
  });
});
