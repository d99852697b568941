import { monotonicUs, TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { plainAsk } from "./estimate.ts";
import type { Exchange, Refusal } from "../pipeline/exchange.ts";
import {
  type Bench,
  type BenchOptions,
  type Caller,
  exchangeOf,
  openBench,
} from "./limits.fixture.ts";
import { LastRefusal } from "./last-refusal.ts";
import type { Denial } from "./plan.ts";
import { scriptLink } from "./script-link.ts";
import { type ScriptCall, ScriptTable } from "./script-table.ts";

const rate: Denial = { index: 2, waitUs: 600_000, isTooLarge: false, restNano: Infinity };
const budget: Denial = { index: 2, waitUs: Infinity, isTooLarge: false, restNano: 5 };
const ask = { ...plainAsk, tokens: 100, nano: 7 };
const atUs = 1_000_000;

function refused(denial: Denial): LastRefusal {
  const last = new LastRefusal();
  last.keep(denial, ask, atUs);
  return last;
}

describe("what the shared store refused last", () => {
  it("refuses the like of it for 50 ms, each with what is left of the wait", () => {
    const last = refused(rate);
    expect(last.of(ask, atUs)).toEqual(rate);
    expect(last.of({ ...ask }, atUs + 49_999)).toEqual({ ...rate, waitUs: 550_001 });
    expect(last.of(ask, atUs + 50_000)).toBeUndefined();
  });

  it("holds no longer than the wait that was told, so that waiting admits", () => {
    const last = refused({ ...rate, waitUs: 20_000 });
    expect(last.of(ask, atUs + 19_999)?.waitUs).toBe(1);
    expect(last.of(ask, atUs + 20_000)).toBeUndefined();
  });

  it("of a budget, whose wait is without an end, holds for 50 ms too", () => {
    expect(refused(budget).of(ask, atUs + 49_999)).toEqual(budget);
    expect(refused(budget).of(ask, atUs + 50_000)).toBeUndefined();
  });

  it.each([
    ["more tokens", { tokens: 101 }],
    ["fewer tokens", { tokens: 99 }],
    ["more money", { nano: 8 }],
    ["less money", { nano: 6 }],
  ])("says nothing of a call that asks for %s: its wait is another", (_what, more) => {
    expect(refused(rate).of({ ...ask, ...more }, atUs)).toBeUndefined();
  });

  it("says nothing once it is forgotten", () => {
    const last = refused(rate);
    last.forget();
    expect(last.of(ask, atUs)).toBeUndefined();
  });
});

/** A replica over a store that answers after `answerMs`; counts what is asked of it. */
class World implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly bench: Bench;
  reservations = 0;
  readonly #table = new ScriptTable({
    nowUs: () => monotonicUs(this.clock),
    wallMs: () => this.clock.wallMs(),
  });

  constructor(limits: BenchOptions["limits"], answerMs = 0) {
    const ask = (call: ScriptCall): Promise<unknown> => {
      if (call.name === "reserve") this.reservations++;
      return new Promise((resolve) =>
        this.clock.after(answerMs, () => resolve(this.#table.run(call, "one"))),
      );
    };
    this.bench = openBench({
      clock: this.clock,
      limits,
      prices: { m: { input: 0, output: 1000 } },
      redis: { url: "", openLink: scriptLink(ask, queueMicrotask) },
    });
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left--) {
      this.clock.advance(1);
      for (let i = 0; i < 20; i++) await Promise.resolve();
    }
  }

  readonly #principal = exchangeOf({}, this.clock).principal;
  #count = 0;

  /** A call by the one key, whose principal is remembered as between requests. */
  async call(caller: Caller): Promise<Called> {
    const x = exchangeOf(caller, this.clock);
    x.id = `req_${this.#count++}`;
    x.principal = this.#principal;
    return { x, refusal: await this.bench.limits.reserve(x) };
  }

  /** Calls at once. */
  async callAll(...callers: readonly Caller[]): Promise<Called[]> {
    const calls = callers.map((caller) => this.call(caller));
    await this.pass(30);
    return Promise.all(calls);
  }

  async start(): Promise<this> {
    await this.pass(1500);
    expect(this.bench.limits.status().mode).toBe("shared");
    this.reservations = 0;
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
  }
}

interface Called {
  readonly x: Exchange;
  readonly refusal: Refusal | undefined;
}

const waitMsOf = (called: Called | undefined): number =>
  called?.refusal?.retryAfterMs ?? Number.NaN;

describe("refusals of a shared store, as callers see them", () => {
  it("one call of a flood asks the store; after its 50 ms the next one does", async () => {
    const limits: BenchOptions["limits"] = [
      { scope: "key", resource: "requests", limit: 60, period: "1h", burst: 1 },
    ];
    await using world = await new World(limits).start();
    await world.callAll({});
    const first = await world.callAll({});
    expect([first[0]?.refusal?.code, world.reservations]).toEqual(["LL_LIMIT_REQUESTS", 2]);
    const flood = await world.callAll(...Array.from({ length: 20 }, () => ({})));
    expect(flood.filter(({ refusal }) => refusal?.code === "LL_LIMIT_REQUESTS")).toHaveLength(20);
    expect(world.reservations).toBe(2);
    await world.pass(50);
    await world.callAll({});
    expect(world.reservations).toBe(3);
  });

  it("a call for more tokens is told its own wait, which then admits; one that never passes is 400", async () => {
    const limits: BenchOptions["limits"] = [
      { scope: "key", resource: "tokens", limit: 1000, period: "1m", burst: 1000 },
    ];
    await using world = await new World(limits).start();
    await world.callAll({ maxTokens: 900 });
    const [small] = await world.callAll({ maxTokens: 200 });
    const [large, never] = await world.callAll({ maxTokens: 600 }, { maxTokens: 2000 });
    expect(never?.refusal?.code).toBe("LL_LIMIT_TOO_LARGE");
    expect(waitMsOf(large)).toBeGreaterThan(waitMsOf(small) + 20_000);
    await world.pass(waitMsOf(large) - 30);
    expect((await world.callAll({ maxTokens: 600 }))[0]?.refusal).toBeUndefined();
  });

  it("while one call is told what its budget affords, its like are not refused beside it", async () => {
    const limits: BenchOptions["limits"] = [
      { scope: "key", resource: "money", limit: 2, period: "total" },
    ];
    await using world = await new World(limits, 5).start();
    await world.callAll({ maxTokens: 1000 });
    // The first is refused 1,500 tokens and asks for the 1,000 that are left; the second comes between.
    const one = world.call({ maxTokens: 1500 });
    await world.pass(7);
    const two = world.call({ maxTokens: 1500 });
    await world.pass(3);
    const asked = world.reservations;
    await world.pass(30);
    expect((await one).x.lease?.outputBound).toBe(1000);
    expect((await two).refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
    expect(asked).toBeGreaterThan(3);
  });
});
