import { describe, expect, it } from "vitest";
import type { TargetRules, Upstream } from "../upstream/upstream.ts";
import { createWorld, permitOf, routeOf, targetsOf, type World } from "./world.fixture.ts";

const faultStatus: Readonly<Record<string, number>> = { failing: 500, busy: 429, full: 503 };

/** An upstream that answers at once, is silent, or refuses connections; counts what it is asked. */
class SwitchedUpstream implements Upstream {
  readonly keys = [];
  mode: "up" | "silent" | "refusing" | "failing" | "hollow" | "busy" | "full" = "up";
  rules: TargetRules = {};
  /** Body of the last completion. */
  asked = "";
  isLoaded = true;
  starts = 0;
  probes = 0;
  completions = 0;
  /** Calls under way, and the most there were. */
  openMax = 0;
  #open = 0;

  call: Upstream["call"] = (request, sink) => {
    if (request.operation === "probe") this.probes++;
    else {
      this.completions++;
      this.asked = request.body.toString();
    }
    this.#open++;
    this.openMax = Math.max(this.openMax, this.#open);
    queueMicrotask(() => {
      if (this.mode === "silent") return;
      this.#open--;
      if (this.mode === "refusing") {
        sink.fail("connect", "refused");
        return;
      }
      const isFault = this.mode in faultStatus && request.operation !== "probe";
      sink.head(
        isFault ? (faultStatus[this.mode] ?? 500) : 200,
        isFault ? ["retry-after", "60"] : [],
      );
      sink.data(
        Buffer.from(this.mode === "hollow" ? "<html>Back soon</html>" : '{"choices":[{}]}'),
      );
      sink.end();
    });
    return {
      abort: () => void this.#open--,
      pause: () => undefined,
      resume: () => undefined,
    };
  };

  start(): void {
    this.starts++;
  }

  isReady(): boolean {
    return this.isLoaded;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function pooled(names: string, backup: Readonly<Record<string, unknown>> = {}) {
  const upstreams: Record<string, SwitchedUpstream> = {};
  for (const name of names) upstreams[name] = new SwitchedUpstream();
  const stop = new AbortController();
  const world = createWorld(
    {
      targets: Object.fromEntries(
        Object.entries(targetsOf(names)).map(([name, target]) => [
          name,
          { ...target, provider: "openai-compatible", model: "m", baseUrl: "http://127.0.0.1:9" },
        ]),
      ),
      routes: routeOf([{ targets: names }], { backup: { min: 2, ...backup } }),
    },
    { upstreams, signal: stop.signal },
  );
  const up = (name: string): SwitchedUpstream => {
    const upstream = upstreams[name];
    if (!upstream) throw new TypeError(name);
    return upstream;
  };
  return { world, up, stop, pass: (ms: number) => pass(world, ms) };
}

/** Lets time pass in steps, with everything that follows from each. */
async function pass(world: World, ms: number): Promise<void> {
  for (let done = 0; done < ms; done += 50) {
    world.clock.advance(50);
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }
}

const poolOf = (world: World) => world.routing.health()["pool:r"];

describe("warm pool", () => {
  it("is off unless the route asks for it: nothing is probed", async () => {
    const upstream = new SwitchedUpstream();
    const world = createWorld(
      { targets: targetsOf("a"), routes: routeOf([{ targets: "a" }]) },
      { upstreams: { a: upstream } },
    );
    await pass(world, 20_000);
    expect([upstream.probes, upstream.completions]).toEqual([0, 0]);
    expect(world.routing.health()).toEqual({});
  });

  it("makes min targets ready by cheap probes on two connections and a real completion", async () => {
    const { world, up, pass: wait } = pooled("abc");
    expect(poolOf(world)).toEqual({ required: false, state: "down", ready: 0, min: 2 });
    await wait(200);
    expect(poolOf(world)).toMatchObject({ state: "ok", ready: 2 });
    expect([up("a").openMax, up("a").completions]).toEqual([2, 1]);
    expect([up("c").probes, up("c").completions, up("c").starts]).toEqual([0, 0, 0]);
    const text = world.metricsText();
    expect(text).toContain('loadline_pool_ready{route="r"} 2\n');
    expect(text).toContain('loadline_pool_min{route="r"} 2\n');
  });

  it("a page under status 200 is no completion: who sends it is never ready", async () => {
    const { world, up, pass: wait } = pooled("ab");
    up("a").mode = "hollow";
    await wait(10_000);
    expect(poolOf(world)).toMatchObject({ state: "degraded", ready: 1 });
    up("a").mode = "up";
    await wait(6000);
    expect(poolOf(world)).toMatchObject({ state: "ok", ready: 2 });
  });

  it("one whose last completion failed is not ready again before one is good", async () => {
    const { world, up, pass: wait } = pooled("ab");
    await wait(200);
    up("a").mode = "hollow";
    await wait(61_000);
    const seen = new Set<unknown>();
    for (let i = 0; i < 60; i++) {
      await wait(500);
      seen.add(poolOf(world)?.ready);
    }
    expect([...seen]).toEqual([1]);
    up("a").mode = "up";
    // Its breaker counted the failures as it does a caller's.
    await wait(20_000);
    expect(poolOf(world)).toMatchObject({ ready: 2 });
  });

  it.each([
    ["60s", "60s"],
    ["5s", "115s"],
  ])("probes every %s with completions every %s prove a target all the time", async (p, d) => {
    const { world, pass: wait } = pooled("ab", { probeEvery: p, deepEvery: d });
    await wait(200);
    const seen = new Set<unknown>();
    for (let i = 0; i < 300; i++) {
      await wait(1000);
      seen.add(poolOf(world)?.ready);
    }
    expect([...seen]).toEqual([2]);
  });

  it("probes every 5 s and completes every 60 s", async () => {
    const { up, pass: wait } = pooled("ab");
    await wait(118_000);
    expect(up("a").completions).toBe(2);
    expect(up("a").probes).toBeGreaterThanOrEqual(46);
    expect(up("a").probes).toBeLessThanOrEqual(48);
  });

  it("a dead member is replaced by a standby, which goes cold when the member is back [R0-17]", async () => {
    const { world, up, pass: wait } = pooled("abc");
    await wait(200);
    up("b").mode = "refusing";
    await wait(6000);
    expect([up("a").starts, up("b").starts, up("c").starts]).toEqual([1, 1, 1]);
    expect(up("c").completions).toBe(1);
    expect(poolOf(world)).toMatchObject({ state: "ok", ready: 2 });
    up("b").mode = "up";
    await wait(20_000);
    const probes = up("c").probes;
    await wait(20_000);
    expect(up("c").probes).toBe(probes);
    expect(poolOf(world)).toMatchObject({ state: "ok", ready: 2 });
  });

  it("below its minimum it is degraded and says so once, empty it is down [R0-17]", async () => {
    const { world, up, pass: wait } = pooled("ab");
    await wait(200);
    up("a").mode = "silent";
    await wait(15_000);
    expect(poolOf(world)).toMatchObject({ state: "degraded", ready: 1 });
    up("b").mode = "refusing";
    await wait(15_000);
    expect(poolOf(world)).toMatchObject({ state: "down", ready: 0 });
    const said = world.logged().match(/warm pool below its minimum/g);
    // Once at the start and once at the fall.
    expect(said).toHaveLength(2);
  });

  it("a target whose completions fail is not ready, however its cheap probes are", async () => {
    const { world, up, pass: wait } = pooled("ab");
    up("b").mode = "failing";
    await wait(1000);
    expect(poolOf(world)).toMatchObject({ state: "degraded", ready: 1 });
  });

  it("a completion is asked as a caller's would be: with what the target does to its members", async () => {
    const { up, pass: wait } = pooled("ab");
    up("a").rules = { params: { rename: { max_tokens: "limit" } } };
    await wait(200);
    expect(JSON.parse(up("a").asked)).toMatchObject({ limit: 1 });
    expect(up("a").asked).not.toContain("max_tokens");
    expect(JSON.parse(up("b").asked)).toMatchObject({ max_tokens: 1 });
  });

  it.each(["busy", "full"] as const)(
    "one that asks to be left alone is asked for no completion before its time: %s",
    async (mode) => {
      const { world, up, pass: wait } = pooled("ab");
      up("a").mode = mode;
      await wait(200);
      expect(up("a").completions).toBe(1);
      await wait(58_000);
      expect(up("a").completions).toBe(1);
      expect(poolOf(world)).toMatchObject({ ready: 1 });
      up("a").mode = "up";
      await wait(12_000);
      expect(poolOf(world)).toMatchObject({ ready: 2 });
    },
  );

  it("two failed probes open the breaker of a target that had no success for a period", async () => {
    const { world, up, pass: wait } = pooled("ab");
    await wait(200);
    up("a").mode = "refusing";
    await wait(6000);
    expect(world.routing.breakers.list()[0]).toMatchObject({ id: "a", state: "open" });
    expect(permitOf(world.plan().next()).target.name).toBe("b");
  });

  it("its completions close a half-open breaker without any client's call", async () => {
    const { world, up, pass: wait } = pooled("ab");
    await wait(200);
    up("a").mode = "refusing";
    await wait(6000);
    up("a").mode = "up";
    await wait(12_000);
    expect(world.routing.breakers.list()[0]?.state).toBe("closed");
  });

  it("a model host that is being started again is not held against its breaker", async () => {
    const { world, up, pass: wait } = pooled("ab");
    await wait(200);
    up("a").isLoaded = false;
    await wait(30_000);
    expect(world.routing.breakers.list()[0]?.state).toBe("closed");
    expect(poolOf(world)).toMatchObject({ ready: 1 });
    up("a").isLoaded = true;
    await wait(6000);
    expect(poolOf(world)).toMatchObject({ ready: 2 });
  });

  it("a host that died stays failed while it loads, so its standby stays until it is back", async () => {
    const { world, up, pass: wait } = pooled("abc");
    await wait(200);
    up("a").isLoaded = false;
    expect(poolOf(world)).toMatchObject({ state: "degraded", ready: 1 });
    expect(world.metricsText()).toContain('loadline_pool_ready{route="r"} 1\n');
    await wait(6000);
    for (let i = 0; i < 20; i++) {
      await wait(500);
      expect(poolOf(world)).toMatchObject({ state: "ok", ready: 2 });
    }
    up("a").isLoaded = true;
    await wait(1000);
    const probes = up("c").probes;
    await wait(10_000);
    expect(up("c").probes).toBe(probes);
  });

  it("ends with the gateway: no timer and no probe is left", async () => {
    const { world, up, stop, pass: wait } = pooled("ab");
    await wait(200);
    stop.abort();
    await wait(6000);
    const probes = up("a").probes;
    await wait(60_000);
    expect(up("a").probes).toBe(probes);
    expect(world.clock.pending).toBeLessThanOrEqual(1);
  });
});
