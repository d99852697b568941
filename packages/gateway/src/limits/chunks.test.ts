import { monotonicUs, TestClock } from "@loadline/kit/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bench, type Caller, openBench } from "./limits.fixture.ts";
import type { LimitEntry } from "./config.ts";
import type { Lease } from "./lease.ts";
import { scriptLink } from "./script-link.ts";
import { type ScriptCall, ScriptTable } from "./script-table.ts";

type Limit = Partial<LimitEntry> & Pick<LimitEntry, "scope" | "resource" | "limit">;

async function settle(): Promise<void> {
  for (let i = 0; i < 40; i++) await Promise.resolve();
}

/** Workers of one supervisor, which counts what it is asked. */
class World {
  readonly clock = new TestClock();
  readonly table = new ScriptTable({
    nowUs: () => monotonicUs(this.clock),
    wallMs: () => this.clock.wallMs(),
  });
  readonly workers: Bench[] = [];
  /** Reservations it was asked for since the last look. */
  asked = 0;
  /** While set, its answers wait. */
  held: (() => void)[] | undefined;

  async add(limits: readonly Limit[], takesAhead = true): Promise<Bench> {
    const owner = `w${this.workers.length}`;
    const openLink = scriptLink((call) => this.#ask(call, owner), queueMicrotask);
    const bench = openBench({
      clock: this.clock,
      limits: [...limits],
      prices: { m: { input: 1, output: 1 } },
      caps: { key: 1_000_000, global: 1_000_000 },
      redis: { url: "", replica: owner, openLink, takesAhead },
    });
    this.clock.advance(0);
    await settle();
    expect(bench.limits.status().mode).toBe("shared");
    this.workers.push(bench);
    return bench;
  }

  async #ask(call: ScriptCall, owner: string): Promise<unknown> {
    if (call.name === "reserve") this.asked += String(call.list[1]).trim().split("\n").length;
    if (this.held) await new Promise<void>((resolve) => void this.held?.push(resolve));
    return this.table.run(call, owner);
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settle();
  }

  /** Calls at a worker; how many were admitted. */
  async calls(at: number, count: number, caller: Caller = {}): Promise<number> {
    const all = await Promise.all(
      Array.from({ length: count }, async () => this.workers[at]?.call(caller)),
    );
    const admitted = all.filter((one) => one?.refusal === undefined);
    for (const one of admitted) one?.x.lease?.settle({ tokens: 0, nano: 0 });
    return admitted.length;
  }

  async close(): Promise<void> {
    for (const worker of this.workers) await worker.limits.close();
  }
}

const large = [
  { scope: "key", resource: "requests", limit: 60_000, period: 60_000, burst: 10_000 },
  { scope: "global", resource: "requests", limit: 600_000, period: 60_000, burst: 20_000 },
] as const;

/** The most that any window admitted beyond `burst + limit * t / period`. */
function excess(
  law: { readonly limit: number; readonly period: number; readonly burst: number },
  admitted: readonly { readonly atMs: number; readonly amount: number }[],
): number {
  let worst = Number.NEGATIVE_INFINITY;
  for (let from = 0; from < admitted.length; from++) {
    let sum = 0;
    for (let to = from; to < admitted.length; to++) {
      sum += admitted[to]?.amount ?? 0;
      const spanMs = (admitted[to]?.atMs ?? 0) - (admitted[from]?.atMs ?? 0);
      worst = Math.max(worst, sum - law.burst - (law.limit * spanMs) / law.period);
    }
  }
  return worst;
}

describe("parts of limits that a process was handed beforehand", () => {
  it("decide most calls without the store, once it was asked for the first", async () => {
    const world = new World();
    await world.add(large);
    expect(await world.calls(0, 1)).toBe(1);
    world.asked = 0;
    for (let ms = 0; ms < 400; ms++) {
      expect(await world.calls(0, 2)).toBe(2);
      await world.pass(1);
    }
    // The chunk of all drains in 10 ms; it is asked for anew when half of it is gone.
    expect(world.asked).toBeGreaterThan(8);
    expect(world.asked).toBeLessThan(100);
    await world.close();
  });

  it.each([
    ["a burst below 400 requests", [{ ...large[0], burst: 399 }]],
    ["slots", [large[0], { scope: "key", resource: "concurrency", limit: 10_000 }]],
    ["a budget", [large[0], { scope: "key", resource: "money", limit: 1000, period: "day" }]],
  ] as const)("are not handed out of %s: each call is asked for", async (_, limits) => {
    const world = new World();
    await world.add(limits);
    world.asked = 0;
    for (let i = 0; i < 20; i++) await world.calls(0, 1, { maxTokens: 1 });
    expect(world.asked).toBe(20);
    await world.close();
  });

  it("are not handed out once half of a burst is gone: the last calls are counted one by one", async () => {
    const world = new World();
    const limit = { ...large[0], limit: 60, burst: 4000 };
    for (let i = 0; i < 3; i++) await world.add([limit]);
    let admitted = 0;
    const round = async (): Promise<void> => {
      for (const at of world.workers.keys()) admitted += await world.calls(at, 40);
    };
    while (admitted < 2000 + 3 * 40 + 3 * 20) await round();
    world.asked = 0;
    await round();
    expect(world.asked).toBe(3 * 40);
    for (let i = 0; i < 20; i++) await round();
    // What lies unused is at most 20 calls of each.
    expect(admitted).toBeGreaterThanOrEqual(4000 - 60);
    expect(admitted).toBeLessThanOrEqual(4000);
    world.asked = 0;
    expect(await world.calls(0, 100)).toBeLessThanOrEqual(20);
    await world.close();
  });

  it("never let workers together pass the law, whoever asks when, also where answers are late", async () => {
    const law = { limit: 24_000, period: 60_000, burst: 400 } as const;
    const step = fc.record({
      at: fc.nat(2),
      calls: fc.constantFrom(0, 1, 3, 20, 150),
      ms: fc.constantFrom(0, 1, 2, 7, 40, 1000),
      isHeld: fc.boolean(),
    });
    let ahead = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const world = new World();
        for (let i = 0; i < 3; i++)
          await world.add([{ scope: "key", resource: "requests", ...law }]);
        const admitted: { atMs: number; amount: number }[] = [];
        for (const { at, calls, ms, isHeld } of steps) {
          if (isHeld) world.held ??= [];
          const open = Array.from({ length: calls }, async () => {
            const one = await world.workers[at]?.call();
            if (one?.refusal !== undefined) return;
            admitted.push({ atMs: world.clock.monotonicMs(), amount: 1 });
            if (isAhead(one?.x.lease)) ahead++;
          });
          // What is decided here is so now.
          await settle();
          await world.pass(ms);
          const held = world.held ?? [];
          world.held = undefined;
          for (const go of held) go();
          await settle();
          await Promise.all(open);
        }
        expect(excess(law, merged(admitted))).toBeLessThanOrEqual(1e-6);
        await world.close();
      }),
      { numRuns: 40 },
    );
    // Otherwise this would prove nothing of them.
    expect(ahead).toBeGreaterThan(50);
  });

  it("what is left of one part lasts no longer for the next: others took their calls in between", async () => {
    const world = new World();
    const limit = { ...large[0], burst: 2000 };
    for (const takesAhead of [true, true, false]) await world.add([limit], takesAhead);
    // Parts of 10 ms each: the first worker's, the second one's, then what the first asks for anew.
    for (const at of [0, 1]) {
      expect(await world.calls(at, 1)).toBe(1);
      await settle();
    }
    expect(await world.calls(0, 6)).toBe(6);
    await settle();
    await world.pass(12);
    // All that the supervisor has left, and then what the parts still hold.
    const rest = await world.calls(2, 2100);
    const parts = [await world.calls(0, 20), await world.calls(1, 20)];
    expect(Math.min(...parts)).toBeGreaterThan(0);
    expect(rest + parts.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(limit.burst);
    await world.close();
  });

  it("tokens that were not used come back only as far as they have not drained meanwhile", async () => {
    const world = new World();
    const limit = { scope: "key", resource: "tokens", limit: 60_000, burst: 100_000 } as const;
    const worker = await world.add([limit]);
    const other = await world.add([limit], false);
    const call = async (by: Bench, tokens: number): Promise<Lease | undefined> => {
      const { x } = await by.call({ maxTokens: tokens, text: "" });
      await settle();
      return x.lease;
    };
    await call(worker, 1);
    const long = await call(worker, 200);
    expect(isAhead(long)).toBe(true);
    await world.pass(1000);
    // From here on no time passes. A part of 500 again, of which some are taken.
    const held = [await call(other, 20_000), await call(worker, 1), await call(worker, 200)];
    expect(held.map(isAhead)).toEqual([false, false, true]);
    long?.settle({ tokens: 0, nano: 0 });
    let ahead = 0;
    for (const by of [other, worker])
      for (const tokens of [10_000, 1000, 100, 10, 1])
        for (let lease = await call(by, tokens); lease; lease = await call(by, tokens)) {
          held.push(lease);
          if (isAhead(lease)) ahead++;
        }
    expect(ahead).toBeGreaterThan(0);
    const sum = held.reduce((all, lease) => all + (lease?.reservedTokens ?? 0), 0);
    expect(sum).toBeLessThanOrEqual(limit.burst);
    await world.close();
  });

  it("take back tokens that were not used, and pay those that were used beyond", async () => {
    const world = new World();
    const tokens = {
      scope: "key",
      resource: "tokens",
      limit: 6000,
      period: 60_000,
      burst: 100_000,
    };
    const worker = await world.add([{ ...tokens, resource: "tokens", scope: "key" }]);
    const used = async (reserved: number, actual: number): Promise<string> => {
      const { x } = await worker.call({ maxTokens: reserved, text: "" });
      x.lease?.settle({ tokens: actual, nano: 0 });
      await world.pass(3);
      const list = (await worker.call({ maxTokens: 1, text: "" })).x.lease?.headers ?? [];
      return list[list.indexOf("x-ratelimit-remaining-tokens") + 1] ?? "";
    };
    await used(1, 0);
    world.asked = 0;
    const before = Number(await used(150, 0));
    expect(world.asked).toBeLessThan(2);
    expect(Number(await used(150, 0))).toBeGreaterThan(before - 40);
    // 5,000 more than a chunk holds: it is owed, and the supervisor is told.
    const { x: owing } = await worker.call({ maxTokens: 10, text: "" });
    expect(owing.lease).toMatchObject({ keeper: "ahead" });
    owing.lease?.settle({ tokens: 5010, nano: 0 });
    await world.pass(3);
    const other = await world.add([{ ...tokens, resource: "tokens", scope: "key" }]);
    const { x } = await other.call({ maxTokens: 1, text: "" });
    const list = x.lease?.headers ?? [];
    const left = Number(list[list.indexOf("x-ratelimit-remaining-tokens") + 1]);
    expect(left).toBeLessThan(before - 5000);
    await world.close();
  });

  it("tokens used beyond what is left of a limit are told all the same", async () => {
    const world = new World();
    const limit = { scope: "key", resource: "tokens", limit: 60_000, burst: 100_000 } as const;
    const worker = await world.add([limit]);
    const other = await world.add([limit], false);
    await worker.call({ maxTokens: 1, text: "" });
    await settle();
    const { x } = await worker.call({ maxTokens: 10, text: "" });
    expect(isAhead(x.lease)).toBe(true);
    expect((await other.call({ maxTokens: 60_000, text: "" })).refusal).toBeUndefined();
    x.lease?.settle({ tokens: 50_010, nano: 0 });
    await world.pass(3);
    expect((await other.call({ maxTokens: 1, text: "" })).refusal?.code).toBe("LL_LIMIT_TOKENS");
    await world.close();
  });

  it("leave no lease behind, whether the process goes on or dies", async () => {
    const world = new World();
    const tokens = { scope: "key", resource: "tokens", limit: 6e6, period: 60_000 } as const;
    const worker = await world.add([...large, tokens]);
    for (let i = 0; i < 5; i++) await world.calls(0, 10, { maxTokens: 100 });
    await world.pass(10);
    expect(world.table.leases).toBe(0);
    const open = await worker.call({ maxTokens: 100 });
    expect(open.x.lease).toMatchObject({ keeper: "ahead" });
    world.table.forget("w0");
    expect(world.table.leases).toBe(0);
    await world.close();
  });

  it("are void once the limiter has drained to where they were taken", async () => {
    const world = new World();
    await world.add(large);
    await world.calls(0, 1);
    await world.pass(0);
    world.asked = 0;
    await world.calls(0, 1);
    expect(world.asked).toBe(0);
    await world.pass(51);
    await world.calls(0, 1);
    expect(world.asked).toBeGreaterThan(0);
    await world.close();
  });

  it("are asked for only where the process is told to", async () => {
    const world = new World();
    await world.add(large, false);
    world.asked = 0;
    for (let i = 0; i < 10; i++) await world.calls(0, 1);
    expect(world.asked).toBe(10);
    await world.close();
  });
});

const isAhead = (lease: Lease | undefined): boolean =>
  lease !== undefined && "keeper" in lease && lease.keeper === "ahead";

/** Amounts of one moment together. */
function merged(
  all: readonly { readonly atMs: number; readonly amount: number }[],
): { atMs: number; amount: number }[] {
  const byMs = Map.groupBy(all, ({ atMs }) => atMs);
  return [...byMs]
    .toSorted(([a], [b]) => a - b)
    .map(([atMs, some]) => ({ atMs, amount: some.length }));
}
