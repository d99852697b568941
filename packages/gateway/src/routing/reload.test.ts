import { describe, expect, it } from "vitest";
import { completion } from "../../test/answers.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { createWorld, permitOf, routeOf, targetsOf, type World } from "./world.fixture.ts";

/** An upstream that answers everything at once and counts probes and completions. */
class QuickUpstream implements Upstream {
  readonly keys = [];
  probes = 0;
  completions = 0;

  call: Upstream["call"] = (request, sink) => {
    if (request.operation === "probe") this.probes++;
    else this.completions++;
    queueMicrotask(() => {
      sink.head(200, []);
      if (request.operation !== "probe") sink.data(Buffer.from(JSON.stringify(completion())));
      sink.end();
    });
    return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
  };

  isReady(): boolean {
    return true;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function pass(world: World, ms: number): Promise<void> {
  for (let done = 0; done < ms; done += 50) {
    world.clock.advance(50);
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }
}

const http = { provider: "openai-compatible", model: "m", baseUrl: "http://127.0.0.1:9" };
const targets = Object.fromEntries(Object.keys(targetsOf("ab")).map((name) => [name, http]));

describe("a warm pool over a reload", () => {
  const settings = (backup: object, more: object = {}) => ({
    targets,
    routes: routeOf([{ targets: "ab" }], { backup: { min: 2, ...backup } }),
    ...more,
  });

  it("stays ready and is probed in its old rhythm when it is as before", async () => {
    const a = new QuickUpstream();
    const world = createWorld(settings({}), { upstreams: { a, b: new QuickUpstream() } });
    await pass(world, 200);
    expect([a.probes, a.completions]).toEqual([2, 1]);
    world.reload(settings({}, { retry: { attempts: 2 }, prices: { m: { input: 1, output: 1 } } }));
    expect(world.routing.health()["pool:r"]).toMatchObject({ state: "ok", ready: 2 });
    await pass(world, 1000);
    expect([a.probes, a.completions]).toEqual([2, 1]);
    await pass(world, 5000);
    expect(a.probes).toBe(4);
  });

  it("is built anew when its rhythm is another, and goes cold when it is off", async () => {
    const a = new QuickUpstream();
    const world = createWorld(settings({}), { upstreams: { a, b: new QuickUpstream() } });
    await pass(world, 200);
    world.reload(settings({ probeEvery: "1s" }));
    await pass(world, 200);
    expect([a.probes, a.completions]).toEqual([4, 2]);
    world.reload({ targets, routes: routeOf([{ targets: "ab" }]) });
    await pass(world, 10_000);
    expect([a.probes, world.routing.health()]).toEqual([4, {}]);
  });
});

describe("targets over a reload", () => {
  const one = { targets: targetsOf("ab"), routes: routeOf([{ targets: "ab" }]) };

  it("a change of weight, bulkhead, price or retries is in force at once and forgets nothing", () => {
    const world = createWorld(one);
    const first = permitOf(world.plan().next());
    const more = { weight: 3, maxInFlight: 1, price: { input: 1, output: 1 } };
    world.reload({ ...one, targets: targetsOf("ab", more), retry: { budgetShare: 1 } });
    // The call that began before still holds the only place of `a`.
    expect(permitOf(world.plan().next()).target.name).toBe("b");
    first.end("ok");
    expect(permitOf(world.plan().next()).target.name).toBe("a");
  });

  it("other settings of a breaker make a new one", () => {
    const world = createWorld(one);
    world.routing.breakers.override("a", "open");
    world.reload({ ...one, breaker: { rate: 0.9 } });
    expect(world.routing.breakers.list().map(({ state }) => state)).toEqual(["closed", "closed"]);
  });

  it("a breaker stays as it is, in the list and in the metrics, while its settings do", () => {
    const world = createWorld(one);
    world.routing.breakers.override("a", "open");
    world.reload({ ...one, timeouts: { total: "9s" } });
    expect(world.routing.breakers.list()[0]?.state).toBe("open");
    expect(world.metricsText()).toContain('loadline_breaker_state{target="a"} 2\n');
  });

  it("a plan made two configurations ago still finds targets", () => {
    const world = createWorld(one);
    const x = world.exchange();
    world.reload({ ...one, retry: { attempts: 2 } });
    world.reload({ ...one, retry: { attempts: 1 } });
    world.reload(one);
    expect(permitOf(world.routing.router.plan(x).next()).target.name).toBe("a");
  });

  it("a hedge keeps what it knows of the latency while its settings stay", () => {
    const hedged = { ...one, routes: routeOf([{ targets: "ab" }], { hedge: { after: "10ms" } }) };
    const world = createWorld(hedged);
    for (let i = 0; i < 50; i++) {
      const permit = permitOf(world.plan().next());
      world.clock.advance(500);
      permit.content(500);
      permit.end("ok");
    }
    const learned = world.plan().hedgeAfterMs;
    expect(learned).toBeGreaterThan(300);
    world.reload({ ...hedged, retry: { attempts: 2 } });
    expect(world.plan().hedgeAfterMs).toBe(learned);
    world.reload({ ...one, routes: routeOf([{ targets: "ab" }], { hedge: { after: "20ms" } }) });
    expect(world.plan().hedgeAfterMs).toBe(20);
  });
});
