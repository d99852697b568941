import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { createSlots } from "./slots.ts";

const never = new AbortController().signal;

function setUp(queueMax: number) {
  const clock = new TestClock();
  return { clock, slots: createSlots(["a", "b"], { queueMax, queueWaitMs: 1000, clock }) };
}

describe("slots", () => {
  it("lends each item once and refuses at once when the queue has no room", async () => {
    const { slots } = setUp(0);
    const taken = [await slots.take(never), await slots.take(never)];
    expect(taken.toSorted()).toEqual(["a", "b"]);
    await expect(slots.take(never)).rejects.toMatchObject({ code: "LL_MODEL_BUSY" });
    expect(slots.busy).toBe(2);
  });

  it("hands a returned item to the one who has waited longest", async () => {
    const { slots } = setUp(2);
    const first = await slots.take(never);
    await slots.take(never);
    const order: string[] = [];
    const waiting = [
      slots.take(never).then(() => order.push("first")),
      slots.take(never).then(() => order.push("second")),
    ];
    await Promise.resolve();
    expect(slots.queued).toBe(2);
    slots.give(first);
    await waiting[0];
    expect(order).toEqual(["first"]);
    slots.give(first);
    await waiting[1];
    expect(order).toEqual(["first", "second"]);
  });

  it("a wait ends after queueWaitMs with a time to come back", async () => {
    const { clock, slots } = setUp(1);
    await slots.take(never);
    await slots.take(never);
    const waiting = slots.take(never);
    await Promise.resolve();
    clock.advance(999);
    expect(slots.queued).toBe(1);
    clock.advance(1);
    await expect(waiting).rejects.toMatchObject({ code: "LL_MODEL_BUSY", retryAfterMs: 1000 });
    expect(slots.queued).toBe(0);
  });

  it("a waiter that leaves frees its place, and its item goes to nobody twice", async () => {
    const { clock, slots } = setUp(1);
    const item = await slots.take(never);
    await slots.take(never);
    const leaving = new AbortController();
    const waiting = slots.take(leaving.signal);
    await Promise.resolve();
    leaving.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
    expect(slots.queued).toBe(0);
    expect(clock.pending).toBe(0);
    slots.give(item);
    expect(slots.busy).toBe(1);
  });

  it("one who has left already takes nothing", async () => {
    const { slots } = setUp(1);
    await expect(slots.take(AbortSignal.abort(new Error("left")))).rejects.toThrow("left");
    expect(slots.busy).toBe(0);
  });
});
