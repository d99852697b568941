import { monotonicUs, TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import type { Exchange } from "../pipeline/exchange.ts";
import { type Bench, exchangeOf, openBench } from "./limits.fixture.ts";
import { scriptLink } from "./script-link.ts";
import { ScriptTable } from "./script-table.ts";

/** Two limiters of the process and one of the store for a key: room for two keys, hardly. */
const buckets = 5;
const answerMs = 200;

/** A replica whose store answers late, and whose table forgets what nobody holds. */
class World {
  readonly clock = new TestClock();
  readonly #table = new ScriptTable({
    nowUs: () => monotonicUs(this.clock),
    wallMs: () => this.clock.wallMs(),
  });
  readonly bench: Bench;
  delayMs = 0;

  constructor() {
    const ask = (call: Parameters<ScriptTable["run"]>[0]): Promise<unknown> =>
      new Promise((resolve) => {
        this.clock.after(this.delayMs, () => resolve(this.#table.run(call, "one")));
      });
    this.bench = openBench({
      clock: this.clock,
      buckets,
      limits: [{ scope: "key", resource: "concurrency", limit: 2 }],
      redis: { url: "", timeoutMs: 1000, openLink: scriptLink(ask, queueMicrotask) },
    });
  }

  readonly #callers = new Map<string, Exchange["principal"]>();
  #count = 0;

  /** A call by a key whose principal is remembered, as between requests. */
  async call(key: string): Promise<Exchange> {
    const x = exchangeOf({ key }, this.clock);
    x.id = `req_${this.#count++}`;
    x.principal = this.#callers.get(key) ?? x.principal;
    this.#callers.set(key, x.principal);
    await this.bench.limits.reserve(x);
    return x;
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      this.clock.advance(Math.min(10, left));
      for (let i = 0; i < 20; i++) await Promise.resolve();
    }
  }

  get held(): number[] {
    return [...this.bench.local.table.all()].flatMap(({ open, live }) => [open, live]);
  }
}

describe("limiters that are forgotten while the shared store decides", () => {
  it("every one holds what its calls hold and nothing once they are settled", async () => {
    const world = new World();
    await world.pass(2000);
    expect(world.bench.limits.status().mode).toBe("shared");
    world.delayMs = answerMs;
    const calls = [world.call("a")];
    await world.pass(10);
    // Others want places, and the first key is bound anew while its call still waits.
    for (const key of ["b", "c", "d", "a"]) {
      calls.push(world.call(key));
      await world.pass(10);
    }
    await world.pass(1000);
    for (const x of await Promise.all(calls)) x.lease?.settle({ tokens: 0, nano: 0 });
    expect(Math.min(...world.held)).toBe(0);
    expect(Math.max(...world.held)).toBe(0);
  });

  it("a call that is not answered in time leaves nothing held either", async () => {
    const world = new World();
    await world.pass(2000);
    world.delayMs = 5000;
    const call = world.call("a");
    await world.pass(8000);
    const x = await call;
    x.lease?.settle({ tokens: 0, nano: 0 });
    expect(new Set(world.held)).toEqual(new Set([0]));
  });
});
