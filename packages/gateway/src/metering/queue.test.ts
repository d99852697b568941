import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import type { UsageRow } from "../state/rows.ts";
import { createUsageQueue, type UsageQueue } from "./queue.ts";

const row = (id: string): UsageRow => ({
  id,
  at: 0,
  requestId: id,
  keyId: "k",
  tenantId: "t",
  route: "r",
  model: "m",
  target: "a",
  inputTokens: 1,
  cachedTokens: 0,
  outputTokens: 1,
  reasoningTokens: 0,
  costNano: 0,
  source: "provider",
  exit: "ok",
});

interface World {
  readonly clock: TestClock;
  readonly queue: UsageQueue;
  readonly batches: string[][];
  readonly counts: { failures: number; dropped: number };
  isAway: boolean;
}

function open(): World {
  const clock = new TestClock();
  const batches: string[][] = [];
  const counts = { failures: 0, dropped: 0 };
  const world = { isAway: false };
  const queue = createUsageQueue({
    clock,
    insert: (rows) => {
      if (world.isAway) return Promise.reject(new Error("away"));
      batches.push(rows.map(({ id }) => id));
      return Promise.resolve();
    },
    onFailure: () => void counts.failures++,
    onDropped: (rows) => void (counts.dropped += rows),
  });
  return Object.assign(world, { clock, queue, batches, counts });
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 300; i++) await Promise.resolve();
};

describe("the usage queue", () => {
  it("writes after a second, or at once when 500 wait, in their order", async () => {
    const { queue, clock, batches } = open();
    queue.push(row("a"));
    queue.push(row("b"));
    await settled();
    expect(batches).toEqual([]);
    clock.advance(1000);
    await settled();
    expect(batches).toEqual([["a", "b"]]);
    for (let i = 0; i < 500; i++) queue.push(row(String(i)));
    await settled();
    expect(batches.at(-1)).toHaveLength(500);
    expect(queue.depth).toBe(0);
  });

  it("keeps what could not be written and writes it, once, when the store is back", async () => {
    const world = open();
    const { queue, clock, batches, counts } = world;
    world.isAway = true;
    for (let i = 0; i < 3; i++) {
      queue.push(row(String(i)));
      clock.advance(1000);
      await settled();
    }
    expect(counts.failures).toBe(3);
    world.isAway = false;
    clock.advance(1000);
    await settled();
    expect(batches).toEqual([["0", "1", "2"]]);
    expect(counts.dropped).toBe(0);
  });

  it("holds 50,000 rows and counts every one beyond, as it does those left at the end", async () => {
    const world = open();
    world.isAway = true;
    for (let i = 0; i < 50_007; i++) world.queue.push(row(String(i)));
    expect(world.queue.depth).toBe(50_000);
    expect(world.counts.dropped).toBe(7);
    await world.queue.close();
    expect(world.counts.dropped).toBe(50_007);
  });

  it("closing writes what is queued and leaves no timer", async () => {
    const { queue, clock, batches } = open();
    for (let i = 0; i < 3; i++) queue.push(row(String(i)));
    await queue.close();
    expect(batches).toEqual([["0", "1", "2"]]);
    expect(clock.pending).toBe(0);
  });
});
