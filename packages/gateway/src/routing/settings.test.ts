import { describe, expect, it } from "vitest";
import { configSchema } from "../config/schema.ts";
import { createWorld, permitOf, routeOf, targetsOf } from "./world.fixture.ts";
import { routingWarnings } from "./warnings.ts";

type Settings = Readonly<Record<string, unknown>>;

const alone = { targets: targetsOf("a"), routes: routeOf([{ targets: "a" }]) };

/** Failing calls until the breaker opens, one each `gapMs`; at most 200. */
function failuresToOpen(config: Settings, gapMs = 100): number {
  const w = createWorld({ ...alone, ...config });
  for (let i = 1; i <= 200; i++) {
    permitOf(w.plan().next()).end("server");
    if (w.routing.breakers.list()[0]?.state === "open") return i;
    w.clock.advance(gapMs);
  }
  return -1;
}

/** The first stays open, each trial failing. */
function stays(config: Settings, count: number): number[] {
  const w = createWorld({ ...alone, ...config });
  const out: number[] = [];
  for (let i = 0; i < 20; i++) permitOf(w.plan().next()).end("server");
  for (let i = 0; i < count; i++) {
    const waitMs = w.routing.breakers.list()[0]?.retryAfterMs ?? 0;
    out.push(waitMs);
    w.clock.advance(waitMs + 1);
    permitOf(w.plan().next()).end("server");
  }
  return out;
}

describe("every key of breaker changes behaviour", () => {
  it("minVolume and minFailures are how many calls and failures a verdict needs", () => {
    expect(failuresToOpen({ breaker: { minVolume: 8 } })).toBe(8);
    expect(failuresToOpen({ breaker: { minVolume: 2, minFailures: 12 } })).toBe(12);
  });

  it("rate is the share that must be exceeded, for all targets or for one", () => {
    const mixed = (config: Settings): string | undefined => {
      const w = createWorld({ ...alone, ...config });
      for (let i = 1; i <= 200; i++) {
        w.clock.advance(100);
        const next = w.plan().next();
        if (next.kind === "attempt") next.permit.end(i % 4 === 0 ? "server" : "ok");
      }
      return w.routing.breakers.list()[0]?.override ?? String(w.audited.length > 0);
    };
    expect(mixed({})).toBe("true");
    expect(mixed({ breaker: { rate: 0.3 } })).toBe("false");
    expect(mixed({ targets: targetsOf("a", { breaker: { rate: 0.3 } }) })).toBe("false");
  });

  it("window is how long an outcome counts beyond the last ones", () => {
    const afterGood = (window: string): boolean => {
      const w = createWorld({ ...alone, breaker: { window } });
      for (let i = 0; i < 300; i++) {
        permitOf(w.plan().next()).end("ok");
        w.clock.advance(100);
      }
      for (let i = 0; i < 6; i++) permitOf(w.plan().next()).end("server");
      return w.audited.length > 0;
    };
    expect([afterGood("1s"), afterGood("60s")]).toEqual([true, false]);
  });

  it("openFor and openForMax are the first stay open and the longest", () => {
    const [first = 0, second = 0, third = 0] = stays(
      { breaker: { openFor: "1s", openForMax: "2s" } },
      3,
    );
    expect(Math.abs(first - 1000)).toBeLessThanOrEqual(200);
    expect(Math.abs(second - 2000)).toBeLessThanOrEqual(400);
    expect(third).toBeLessThanOrEqual(2400);
  });
});

describe("every key of retry changes behaviour", () => {
  const waits = (retry: Settings, retryAfterMs: number): number => {
    const w = createWorld({ ...alone, retry });
    let count = 0;
    for (let i = 0; i < 100; i++) {
      const plan = w.plan();
      permitOf(plan.next()).end("rate_limited", retryAfterMs);
      if (plan.next().kind === "wait") count++;
      w.clock.advance(retryAfterMs);
    }
    return count;
  };

  it("waitMax 0 waits for nothing, a larger one for longer [R0-16]", () => {
    expect(waits({ waitMax: 0, budgetPerSecond: 100 }, 1000)).toBe(0);
    expect(waits({ waitMax: "5s", budgetPerSecond: 100 }, 4000)).toBe(100);
  });

  it("budgetShare and budgetPerSecond bound the retries at one target [R0-16]", () => {
    expect(waits({ budgetShare: 0.5, budgetPerSecond: 0 }, 1)).toBe(50);
    expect(waits({ budgetShare: 0, budgetPerSecond: 0 }, 1)).toBe(0);
    expect(waits({ budgetShare: 0, budgetPerSecond: 1 }, 1000)).toBe(100);
  });
});

describe("keys of routes and targets", () => {
  const parse = (config: Settings) => configSchema.parse(config);

  it("a hedged share above 2 % is refused, a smaller one is kept", () => {
    const withShare = (share: number) => ({
      ...alone,
      routes: routeOf([{ targets: "a" }], { hedge: { share } }),
    });
    expect(configSchema.safeParse(withShare(0.03)).success).toBe(false);
    const w = createWorld({
      targets: targetsOf("ab"),
      routes: routeOf([{ targets: "ab" }], { hedge: { share: 0.01 } }),
    });
    let hedges = 0;
    for (let i = 0; i < 500; i++) {
      const plan = w.plan();
      permitOf(plan.next());
      if (plan.next().kind === "attempt") hedges++;
    }
    expect(hedges).toBe(5);
  });

  it("a route's own timeouts and resume replace the section's, key by key", () => {
    const w = createWorld({
      ...alone,
      timeouts: { idle: "7s", total: "9s" },
      routes: routeOf([{ targets: "a" }], { timeouts: { idle: "3s" }, resume: {} }),
    });
    const { route } = w.exchange();
    expect(route?.timeouts).toMatchObject({ idle: 3000, total: 9000 });
    expect(route?.resumeMax).toBe(1);
  });

  it("an unknown strategy or key is refused", () => {
    const routes = routeOf([{ targets: "a", strategy: "fastest" }]);
    expect(configSchema.safeParse({ ...alone, routes }).success).toBe(false);
    expect(configSchema.safeParse({ ...alone, breaker: { count: 5 } }).success).toBe(false);
  });

  it("gaps of a pool in which a completion would prove nothing any more are refused", () => {
    const gaps = (backup: Settings): boolean =>
      configSchema.safeParse({ ...alone, routes: routeOf([{ targets: "a" }], { backup }) }).success;
    expect(gaps({ probeEvery: "60s", deepEvery: "60s" })).toBe(true);
    expect(gaps({ probeEvery: "60s", deepEvery: "61s" })).toBe(false);
    expect(gaps({ deepEvery: "3m" })).toBe(false);
  });

  it("a target that stands alone and a pool larger than its route are warned of", () => {
    const routes = routeOf([{ targets: "a" }], { backup: { min: 2 } });
    expect(routingWarnings(parse({ ...alone, routes }))).toEqual([
      expect.stringContaining("routes.r has one target, a, whose breaker opens above 10 %"),
      expect.stringContaining("routes.r.backup.min is 2, but the route has 1 targets"),
    ]);
    const standby = { a: { provider: "llama", model: "t", path: "t.gguf", standby: true } };
    expect(routingWarnings(parse({ ...alone, targets: standby }))).toContain(
      "targets.a is a standby, but no route with a backup pool names it.",
    );
    const pair = { targets: targetsOf("ab"), routes: routeOf([{ targets: "ab" }]) };
    expect(routingWarnings(parse(pair))).toEqual([]);
    expect(routingWarnings(parse({ ...alone, breaker: { rate: 0.5 } }))).toEqual([]);
  });
});
