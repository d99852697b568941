import { describe, expect, it } from "vitest";
import type { Upstream } from "../upstream/upstream.ts";
import { createWorld, permitOf, routeOf, targetsOf } from "./world.fixture.ts";

const abc = { targets: targetsOf("abc"), routes: routeOf([{ targets: "abc" }]) };

describe("attempts", () => {
  it("one per target in order, at most three, then none", () => {
    const w = createWorld({ targets: targetsOf("abcd"), routes: routeOf([{ targets: "abcd" }]) });
    expect(w.run(() => "server")).toEqual(["a", "b", "c"]);
  });

  it("groups are the fallback chain", () => {
    const w = createWorld({
      targets: targetsOf("abc"),
      routes: routeOf([{ targets: "c" }, { targets: "ab" }]),
    });
    expect(w.run(() => "reset")).toEqual(["c", "a", "b"]);
  });

  it.each(["caller", "aborted", "left", "ok"] as const)("nothing follows %s", (outcome) => {
    const w = createWorld(abc);
    expect(w.run(() => outcome)).toEqual(["a"]);
  });

  it.each([
    "connect",
    "timeout",
    "reset",
    "protocol",
    "bad_body",
    "bad_event",
    "stream_cut",
    "stall",
    "server",
    "overloaded",
    "busy",
    "misconfigured",
    "rate_limited",
    "key",
  ] as const)("the next target follows %s", (outcome) => {
    const w = createWorld(abc);
    expect(w.run(() => outcome)).toEqual(["a", "b", "c"]);
  });

  it("retry.attempts bounds them", () => {
    const w = createWorld({ ...abc, retry: { attempts: 2 } });
    expect(w.run(() => "server")).toEqual(["a", "b"]);
  });

  it("a caller that forbids fallback gets the first target only", () => {
    const w = createWorld(abc);
    const x = w.exchange();
    x.narrow = { timeoutMs: undefined, route: undefined, noFallback: true };
    const plan = w.routing.router.plan(x);
    permitOf(plan.next()).end("server");
    expect(plan.next().kind).toBe("none");
  });

  it("a target at maxInFlight is passed over until a call ends", () => {
    const w = createWorld({
      targets: { ...targetsOf("a", { maxInFlight: 2 }), ...targetsOf("b") },
      routes: routeOf([{ targets: "ab" }]),
    });
    const permits = [1, 2, 3].map(() => permitOf(w.plan().next()));
    expect(permits.map((permit) => permit.target.name)).toEqual(["a", "a", "b"]);
    permits[0]?.end("ok");
    expect(permitOf(w.plan().next()).target.name).toBe("a");
  });

  it("the switch is measured from the failure to the next target's first content", () => {
    const w = createWorld(abc);
    const plan = w.plan();
    const first = permitOf(plan.next());
    w.clock.advance(700);
    first.end("timeout");
    const second = permitOf(plan.next());
    w.clock.advance(150);
    second.content(150);
    second.end("ok");
    const text = w.metricsText();
    expect(text).toContain('loadline_switch_seconds_sum{route="r"} 0.15\n');
    expect(text).toContain('loadline_failovers_total{from="a",to="b",reason="timeout"} 1\n');
  });
});

describe("the same target again", () => {
  const alone = { targets: targetsOf("a"), routes: routeOf([{ targets: "a" }]) };

  it("a 429 with another target left goes there at once", () => {
    const w = createWorld(abc);
    const plan = w.plan();
    permitOf(plan.next()).end("rate_limited", 1000);
    expect(permitOf(plan.next()).target.name).toBe("b");
  });

  it("a 429 with Retry-After 1 s and no other target is waited for, then tried again", () => {
    const w = createWorld(alone);
    const plan = w.plan();
    permitOf(plan.next()).end("rate_limited", 1000);
    const wait = plan.next();
    if (wait.kind !== "wait") throw new TypeError("no wait");
    expect(wait.waitMs).toBeGreaterThanOrEqual(1000);
    expect(wait.waitMs).toBeLessThan(1050);
    w.clock.advance(wait.waitMs);
    const again = permitOf(plan.next());
    expect(again.target.name).toBe("a");
    again.content(1);
    again.end("ok");
    expect(w.metricsText()).toContain('loadline_switch_seconds_count{route="r"} 0\n');
    expect(w.metricsText()).toContain('loadline_retries_total{target="a",outcome="taken"} 1\n');
  });

  it("a Retry-After over retry.waitMax is answered with what is left of it", () => {
    const w = createWorld(alone);
    const plan = w.plan();
    permitOf(plan.next()).end("rate_limited", 3000);
    expect(plan.next()).toEqual({ kind: "none", retryAfterMs: 3000 });
  });

  it("a call that finds every target resting waits for the first of them, once", () => {
    const w = createWorld(abc);
    for (const restMs of [1500, 900, 1200]) permitOf(w.plan().next()).end("overloaded", restMs);
    const plan = w.plan();
    const wait = plan.next();
    if (wait.kind !== "wait") throw new TypeError("no wait");
    expect(wait.waitMs).toBeGreaterThanOrEqual(900);
    expect(wait.waitMs).toBeLessThanOrEqual(1150);
    w.clock.advance(wait.waitMs);
    const permit = permitOf(plan.next());
    expect(permit.target.name).toBe("b");
    permit.end("overloaded", 1900);
    w.clock.advance(1);
    expect(w.plan().next().kind).toBe("wait");
  });

  it("an open breaker is never waited for", () => {
    const w = createWorld({ ...alone, breaker: { openFor: "100ms", openForMax: "100ms" } });
    for (let i = 0; i < 20; i++) permitOf(w.plan().next()).end("server");
    expect(w.plan().next().kind).toBe("none");
  });

  it("a 429 without Retry-After is not waited for", () => {
    const w = createWorld(alone);
    const plan = w.plan();
    permitOf(plan.next()).end("rate_limited");
    expect(plan.next().kind).toBe("none");
  });

  it("waits draw on a budget of 10 % of the requests and one a second", () => {
    const w = createWorld(alone);
    let waits = 0;
    for (let i = 0; i < 200; i++) {
      const plan = w.plan();
      permitOf(plan.next()).end("rate_limited", 0);
      const next = plan.next();
      if (next.kind === "wait") waits++;
    }
    // One saved, one for the second before the first, and 200 x 10 %.
    expect(waits).toBe(22);
  });

  it("a refused key is followed by the target's next key, then by another target", () => {
    const w = createWorld(abc, { keys: 2 });
    const plan = w.plan();
    const used: string[] = [];
    for (let next = plan.next(); next.kind === "attempt"; next = plan.next()) {
      used.push(next.permit.key?.id ?? "");
      next.permit.end("key");
    }
    expect(used).toEqual(["a/0", "a/1", "b/0"]);
    expect(w.audited.map((event) => [event.action, event.object.id])).toEqual([
      ["upstream_key.out", "a/0"],
      ["upstream_key.out", "a/1"],
      ["upstream_key.out", "b/0"],
    ]);
  });
});

describe("a target that cannot be asked this", () => {
  it("is no failover: the targets before and behind it are", () => {
    const w = createWorld(abc);
    expect(w.run((permit) => (permit.target.name === "b" ? "unasked" : "server"))).toEqual([
      "a",
      "b",
      "c",
    ]);
    const text = w.metricsText();
    expect(text).toContain('loadline_failovers_total{from="a",to="c",reason="server"} 1\n');
    expect(text).toContain('loadline_failovers_total{from="a",to="b",reason="server"} 0\n');
    expect(text).not.toContain('loadline_failovers_total{from="b",to="c",reason="server"} 1\n');
  });

  it("with nothing behind it leaves a wait for the target before it no failover", () => {
    const w = createWorld({ targets: targetsOf("ab"), routes: routeOf([{ targets: "ab" }]) });
    const plan = w.plan();
    permitOf(plan.next()).end("rate_limited", 100);
    permitOf(plan.next()).end("unasked");
    const wait = plan.next();
    if (wait.kind !== "wait") throw new TypeError("no wait");
    w.clock.advance(wait.waitMs);
    const again = permitOf(plan.next());
    again.end("ok");
    expect(again.target.name).toBe("a");
    expect(w.metricsText()).not.toMatch(/^loadline_failovers_total\{.*\} 1$/m);
  });
});

describe("upstream keys", () => {
  it("take turns; a cooled one rests until its Retry-After while the other goes on", () => {
    const w = createWorld(
      { targets: targetsOf("a"), routes: routeOf([{ targets: "a" }]) },
      {
        keys: 2,
      },
    );
    const use = (): string => {
      const permit = permitOf(w.plan().next());
      permit.end("ok");
      return permit.key?.id ?? "";
    };
    expect([use(), use(), use()]).toEqual(["a/0", "a/1", "a/0"]);
    permitOf(w.plan().next()).end("rate_limited", 10_000);
    expect(w.metricsText()).toContain('loadline_upstream_keys{target="a",state="open"} 1\n');
    expect([use(), use(), use()]).toEqual(["a/0", "a/0", "a/0"]);
    w.clock.advance(10_000);
    expect(new Set([use(), use()])).toEqual(new Set(["a/0", "a/1"]));
  });

  it("a shorter Retry-After does not end a longer one", () => {
    const w = createWorld({ targets: targetsOf("a"), routes: routeOf([{ targets: "a" }]) });
    const [one, two] = [permitOf(w.plan().next()), permitOf(w.plan().next())];
    one.end("rate_limited", 30_000);
    two.end("rate_limited", 1000);
    expect(w.plan().next()).toEqual({ kind: "none", retryAfterMs: 30_000 });
  });

  it("a refused key is out for 5 minutes, then one call tries it, and a good one brings it back", () => {
    const w = createWorld({ targets: targetsOf("a"), routes: routeOf([{ targets: "a" }]) });
    permitOf(w.plan().next()).end("key");
    expect(w.plan().next()).toEqual({ kind: "none", retryAfterMs: 300_000 });
    w.clock.advance(300_000);
    const trial = permitOf(w.plan().next());
    expect(w.plan().next().kind).toBe("none");
    trial.end("ok");
    expect(w.plan().next().kind).toBe("attempt");
  });
});

describe("hedging", () => {
  const hedged = (more: Readonly<Record<string, unknown>> = {}) =>
    createWorld({
      targets: targetsOf("ab", { maxInFlight: 10 }),
      routes: routeOf([{ targets: "ab" }], { hedge: { after: "200ms" } }),
      ...more,
    });

  it("is off unless the route asks for it", () => {
    expect(createWorld(abc).plan().hedgeAfterMs).toBe(-1);
  });

  it("starts not before 200 ms, and not before the p95 of the first contents", () => {
    const w = hedged();
    expect(w.plan().hedgeAfterMs).toBe(200);
    for (let i = 0; i < 100; i++) {
      const permit = permitOf(w.plan().next());
      permit.content(i < 90 ? 100 : 900);
      permit.end("ok");
    }
    w.clock.advance(1001);
    const afterMs = w.plan().hedgeAfterMs;
    expect(afterMs).toBeGreaterThanOrEqual(900);
    expect(afterMs).toBeLessThan(990);
    w.clock.advance(360_000);
    expect(w.plan().hedgeAfterMs).toBe(200);
  });

  it("long whole answers put off no hedge of a stream", () => {
    const w = hedged();
    for (let i = 0; i < 100; i++) {
      const permit = permitOf(w.plan().next());
      permit.content(9000);
      permit.end("ok");
    }
    w.clock.advance(1001);
    expect(w.plan({ stream: true }).hedgeAfterMs).toBe(200);
    expect(w.plan().hedgeAfterMs).toBeGreaterThanOrEqual(9000);
  });

  it("2 % of the requests are hedged at most, on another target", () => {
    const w = hedged();
    let hedges = 0;
    for (let i = 0; i < 1000; i++) {
      const plan = w.plan();
      const first = permitOf(plan.next());
      const second = plan.next();
      if (second.kind === "attempt") {
        hedges++;
        expect([second.permit.isHedge, second.permit.target.name]).toEqual([true, "b"]);
        second.permit.end("left");
      }
      first.end("ok");
    }
    expect(hedges).toBe(20);
  });

  it.each(["server", "unasked"] as const)(
    "a key that is refused is followed by the next one of its own target, not of its hedge's: %s",
    (hedge) => {
      const w = createWorld(
        {
          targets: targetsOf("ab", { maxInFlight: 10 }),
          routes: routeOf([{ targets: "ab" }], { hedge: { after: "200ms" } }),
        },
        { keys: 2 },
      );
      // 2 % of the requests may be hedged: the next one is saved up.
      for (let i = 0; i < 49; i++) w.plan();
      const plan = w.plan();
      const first = permitOf(plan.next());
      permitOf(plan.next()).end(hedge);
      first.end("key");
      expect(permitOf(plan.next()).key?.id).toBe("a/1");
    },
  );

  it.each([
    { sequences: 1, inFlight: 0, isHedged: false },
    { sequences: 2, inFlight: 0, isHedged: true },
    { sequences: 2, inFlight: 1, isHedged: false },
    { sequences: 10, inFlight: 7, isHedged: true },
    { sequences: 10, inFlight: 8, isHedged: false },
  ])("none takes the place that a model in this machine needs: %o", (o) => {
    const idle: Upstream = {
      keys: [],
      callsMax: o.sequences,
      call: () => ({ abort: () => undefined, pause: () => undefined, resume: () => undefined }),
      isReady: () => true,
      close: () => Promise.resolve(),
    };
    const w = createWorld(
      {
        targets: targetsOf("ab"),
        routes: routeOf([{ targets: "ab" }], { hedge: { after: "200ms" } }),
      },
      { upstreams: { b: idle } },
    );
    for (let i = 0; i < 60; i++) w.plan();
    w.routing.breakers.override("a", "open");
    for (let i = 0; i < o.inFlight; i++) permitOf(w.plan().next());
    w.routing.breakers.override("a", "auto");
    const plan = w.plan();
    expect(permitOf(plan.next()).target.name).toBe("a");
    expect(plan.next().kind).toBe(o.isHedged ? "attempt" : "none");
  });

  it("none starts on a target above 80 % of its capacity", () => {
    const w = hedged();
    const open = (): void => {
      const plan = w.plan();
      permitOf(plan.next());
    };
    // a takes 10, b takes 8 of 10.
    for (let i = 0; i < 18; i++) open();
    for (let i = 0; i < 60; i++) w.plan();
    w.routing.breakers.override("a", "open");
    const plan = w.plan();
    expect(permitOf(plan.next()).target.name).toBe("b");
    expect(plan.next().kind).toBe("none");
  });
});
