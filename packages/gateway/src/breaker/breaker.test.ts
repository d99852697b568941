import { breakerDefaults, CircuitBreaker } from "@loadline/kit/circuit-breaker";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Controls } from "../controls.ts";
import type { AttemptOutcome, Permit } from "../routing/attempts.ts";
import { createWorld, permitOf, routeOf, targetsOf } from "../routing/world.fixture.ts";
import { failureClasses } from "../upstream/upstream.ts";
import { outcomeEffects } from "./classes.ts";

const pair = { targets: targetsOf("ab"), routes: routeOf([{ targets: "ab" }]) };
const alone = { targets: targetsOf("a"), routes: routeOf([{ targets: "a" }]) };

function trip(w: ReturnType<typeof createWorld>, calls = 20): void {
  for (let i = 0; i < calls; i++) permitOf(w.plan().next()).end("server");
}

describe("classes", () => {
  it("each class is a failure, a success or neutral as the table says", () => {
    const of = (effect: string): string[] =>
      [...failureClasses, "ok" as const, "left" as const].filter(
        (name) => outcomeEffects[name].target === effect,
      );
    expect(of("success")).toEqual(["ok"]);
    expect(of("neutral")).toEqual(["busy", "rate_limited", "key", "caller", "aborted", "left"]);
    expect(of("failure")).toHaveLength(failureClasses.length - 5);
  });

  it.each(["left", "caller", "rate_limited", "aborted"] as const)(
    "a thousand calls that end as %s never open a breaker",
    (outcome) => {
      const w = createWorld(alone);
      for (let i = 0; i < 1000; i++) {
        permitOf(w.plan().next()).end(outcome, 0);
        w.clock.advance(1);
      }
      expect(w.routing.breakers.list()[0]).toMatchObject({ state: "closed", outcomes: 0 });
    },
  );
});

describe("per target", () => {
  it("10,000 good calls are all admitted [R0-10]", () => {
    const w = createWorld(alone);
    for (let i = 0; i < 10_000; i++) {
      permitOf(w.plan().next()).end("ok");
      w.clock.advance(6);
    }
    expect(w.audited).toEqual([]);
  });

  it("after the trip no new call is admitted, the other target takes all", () => {
    const w = createWorld(pair);
    trip(w);
    expect(w.routing.breakers.list()[0]).toMatchObject({ id: "a", state: "open" });
    for (let i = 0; i < 500; i++) expect(w.run(() => "ok")).toEqual(["b"]);
  });

  it("both open: nothing is tried, Retry-After is the soonest half-open", () => {
    const w = createWorld(pair);
    trip(w);
    w.clock.advance(2000);
    trip(w);
    const [a, b] = w.routing.breakers.list();
    const next = w.plan().next();
    expect(a?.state).toBe("open");
    expect(b?.state).toBe("open");
    expect(next).toEqual({ kind: "none", retryAfterMs: a?.retryAfterMs });
    expect(a?.retryAfterMs).toBeLessThanOrEqual(4000);
  });

  it("a stream counts at its end: twenty that opened and then broke off open the breaker", () => {
    const w = createWorld(alone);
    const streams = Array.from({ length: 20 }, () => permitOf(w.plan().next()));
    for (const stream of streams) stream.content(5);
    expect(w.routing.breakers.list()[0]).toMatchObject({ state: "closed", outcomes: 0 });
    for (const stream of streams) stream.end("stream_cut");
    expect(w.routing.breakers.list()[0]?.state).toBe("open");
  });

  it("five errors among a thousand good calls never open it", () => {
    const w = createWorld(alone);
    for (let i = 0; i < 5000; i++) {
      w.clock.advance(60);
      permitOf(w.plan().next()).end(i % 1000 > 994 ? "server" : "ok");
    }
    expect(w.routing.breakers.list()[0]?.state).toBe("closed");
  });

  it("overloaded cools the target until its Retry-After, closed or not", () => {
    const w = createWorld(pair);
    permitOf(w.plan().next()).end("overloaded", 7000);
    expect(w.run(() => "ok")).toEqual(["b"]);
    w.clock.advance(7000);
    expect(w.run(() => "ok")).toEqual(["a"]);
  });

  it("a permit ended twice counts once", () => {
    const w = createWorld(alone);
    for (let i = 0; i < 10; i++) {
      const permit = permitOf(w.plan().next());
      permit.end("server");
      permit.end("server");
    }
    expect(w.routing.breakers.list()[0]).toMatchObject({ outcomes: 10, inFlight: 0 });
  });

  it("returns in steps of 10, 25 and 50 % of its traffic", () => {
    const w = createWorld(pair);
    trip(w);
    w.clock.advance(7000);
    for (let i = 0; i < 3; i++) w.run(() => "ok");
    const shareOf = (): number => {
      const tried = Array.from({ length: 1000 }, () => w.run(() => "ok")[0]);
      return tried.filter((name) => name === "a").length / 1000;
    };
    const shares = [shareOf()];
    for (let step = 0; step < 3; step++) {
      w.clock.advance(10_000);
      shares.push(shareOf());
    }
    expect(shares).toEqual([0.1, 0.25, 0.5, 1]);
  });

  it("a returning target takes everything when there is no other", () => {
    const w = createWorld(alone);
    trip(w);
    w.clock.advance(7000);
    for (let i = 0; i < 100; i++) expect(w.run(() => "ok")).toEqual(["a"]);
  });

  it("transitions are counted, logged, audited and told [R0-11]", () => {
    const w = createWorld(alone);
    const told: string[] = [];
    w.routing.breakers.onTransition((target, { from, to }) => told.push(`${target} ${from} ${to}`));
    trip(w);
    w.clock.advance(7000);
    for (let i = 0; i < 3; i++) w.run(() => "ok");
    expect(told).toEqual(["a closed open", "a open half_open", "a half_open closed"]);
    expect(w.audited.map((event) => event.action)).toEqual([
      "breaker.opened",
      "breaker.half_opened",
      "breaker.closed",
    ]);
    const text = w.metricsText();
    expect(text).toContain(
      'loadline_breaker_transitions_total{target="a",from="closed",to="open"} 1\n',
    );
    expect(text).toContain('loadline_breaker_state{target="a"} 0\n');
    expect(w.logged()).toContain('"reason":"fast"');
  });

  it("the gauge says 2 while open and 1 once its time is over", () => {
    const w = createWorld(alone);
    trip(w);
    expect(w.metricsText()).toContain('loadline_breaker_state{target="a"} 2\n');
    w.clock.advance(7000);
    expect(w.metricsText()).toContain('loadline_breaker_state{target="a"} 1\n');
  });
});

describe("a reload", () => {
  it("keeps the breakers of targets that stay as they are, and no others", () => {
    const w = createWorld(pair);
    trip(w);
    w.reload({ ...pair, routes: routeOf([{ targets: "ba" }]) });
    expect(w.routing.breakers.list()[0]).toMatchObject({ id: "a", state: "open" });
    w.reload({ ...pair, breaker: { rate: 0.5 } });
    expect(w.routing.breakers.list()[0]).toMatchObject({ id: "a", state: "closed" });
  });

  it("a request that began before it goes on over the routes of before", () => {
    const w = createWorld(pair);
    const x = w.exchange();
    const plan = w.routing.router.plan(x);
    const first = permitOf(plan.next());
    w.reload({ ...pair, routes: routeOf([{ targets: "b" }]), retry: { attempts: 1 } });
    first.end("server");
    expect(permitOf(plan.next()).target.name).toBe("b");
    expect(permitOf(w.routing.router.plan(x).next()).target.name).toBe("a");
    expect(w.run(() => "server")).toEqual(["b"]);
  });
});

describe("an operator's override", () => {
  it("holds a target open, closed, or lets it decide", () => {
    const w = createWorld(pair);
    expect(w.routing.breakers.override("a", "open")).toBe(true);
    expect(w.run(() => "ok")).toEqual(["b"]);
    expect(w.routing.breakers.list()[0]).toMatchObject({ state: "open", override: "open" });
    w.routing.breakers.override("a", "closed");
    trip(w, 100);
    expect(w.run(() => "ok")).toEqual(["a"]);
    w.routing.breakers.override("a", "auto");
    trip(w);
    expect(w.run(() => "ok")).toEqual(["b"]);
  });

  it("holds a key out; an unknown id is said to be unknown", () => {
    const w = createWorld(alone, { keys: 2 });
    expect(w.routing.breakers.override("a/0", "open")).toBe(true);
    const used = Array.from({ length: 4 }, () => {
      const permit = permitOf(w.plan().next());
      permit.end("ok");
      return permit.key?.id;
    });
    expect(new Set(used)).toEqual(new Set(["a/1"]));
    expect(w.routing.breakers.list().map(({ id, state }) => [id, state])).toEqual([
      ["a", "closed"],
      ["a/0", "open"],
      ["a/1", "closed"],
    ]);
    expect(w.routing.breakers.override("nope", "open")).toBe(false);
  });
});

describe("random orders of plans, contents and ends", () => {
  const outcomes: AttemptOutcome[] = ["ok", "ok", "server", "left", "rate_limited", "overloaded"];
  const events = fc.array(
    fc.record({
      kind: fc.constantFrom("begin", "begin", "end", "wait"),
      n: fc.nat(5000),
      outcome: fc.constantFrom(...outcomes),
    }),
    { maxLength: 300 },
  );

  it("no permit leaks: when all have ended nothing is in flight and calls are admitted again", () => {
    fc.assert(
      fc.property(events, (list) => {
        const w = createWorld({
          targets: targetsOf("ab", { maxInFlight: 5 }),
          routes: routeOf([{ targets: "ab", strategy: "weighted" }]),
        });
        const open: Permit[] = [];
        for (const { kind, n, outcome } of list) {
          if (kind === "wait") w.clock.advance(n);
          else if (kind === "end") open.splice(n % Math.max(1, open.length), 1)[0]?.end(outcome, n);
          else {
            const next = w.plan().next();
            if (next.kind === "attempt") open.push(next.permit);
          }
          const inFlight = w.routing.breakers.list().map((view) => view.inFlight);
          expect(inFlight.reduce((a, b) => a + b)).toBe(open.length);
          expect(Math.max(...inFlight)).toBeLessThanOrEqual(5);
        }
        for (const permit of open) permit.end("left");
        w.clock.advance(120_000);
        expect(w.plan().next().kind).toBe("attempt");
      }),
      { numRuns: 200 },
    );
  });
});

describe("knocked out", () => {
  const never: Controls["breaker"] = ({ random }) =>
    new CircuitBreaker({
      random,
      settings: { ...breakerDefaults, rate: 1, minVolume: 1e9, fastFailures: 1e9, fastOf: 64 },
    });

  it("without its breaker a dead target is tried again and again", () => {
    const w = createWorld(pair, { controls: { breaker: never } });
    trip(w);
    expect(w.run(({ target }) => (target.name === "a" ? "server" : "ok"))).toEqual(["a", "b"]);
  });
});
