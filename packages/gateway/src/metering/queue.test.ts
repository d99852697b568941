import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { recordsOf } from "../state/rows.fixture.ts";
import type { UsageBatch, UsageRow } from "../state/rows.ts";
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
  readonly sent: UsageBatch[];
  readonly counts: { failures: number; dropped: number };
  isAway: boolean;
}

function open(): World {
  const clock = new TestClock();
  const batches: string[][] = [];
  const sent: UsageBatch[] = [];
  const counts = { failures: 0, dropped: 0 };
  const world = { isAway: false };
  const queue = createUsageQueue({
    clock,
    append(batch) {
      if (world.isAway) return Promise.reject(new Error("away"));
      sent.push(batch);
      batches.push(recordsOf(batch).map(({ id }) => String(id)));
      return Promise.resolve();
    },
    onFailure: () => void counts.failures++,
    onDropped: (rows) => void (counts.dropped += rows),
  });
  return Object.assign(world, { clock, queue, batches, sent, counts });
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 300; i++) await Promise.resolve();
};

describe("the usage queue", () => {
  it("writes after a second, or at once when 2,000 wait, in their order", async () => {
    const { queue, clock, batches } = open();
    queue.push(row("a"));
    queue.push(row("b"));
    await settled();
    expect(batches).toEqual([]);
    clock.advance(1000);
    await settled();
    expect(batches).toEqual([["a", "b"]]);
    for (let i = 0; i < 2000; i++) queue.push(row(String(i)));
    await settled();
    expect(batches.at(-1)).toHaveLength(2000);
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
    expect(batches).toEqual([["0"], ["1"], ["2"]]);
    expect(counts.dropped).toBe(0);
  });

  it("sends a batch whose answer was lost again as it was, however many rows came since", async () => {
    const clock = new TestClock();
    const sent: UsageBatch[] = [];
    let isLost = true;
    const queue = createUsageQueue({
      clock,
      append(batch) {
        sent.push(batch);
        return isLost ? Promise.reject(new Error("no answer")) : Promise.resolve();
      },
      onFailure: () => undefined,
      onDropped: () => undefined,
    });
    queue.push(row("a"));
    clock.advance(1000);
    await settled();
    queue.push(row("b"));
    isLost = false;
    clock.advance(1000);
    await settled();
    expect(sent.map(({ id, records }) => [id, records])).toEqual([
      ["a", 1],
      ["a", 1],
      ["b", 1],
    ]);
    expect(sent[1]).toEqual(sent[0]);
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
