import { describe, expect, it } from "vitest";
import { FileSlots } from "./slots.ts";

const takeAll = (slots: FileSlots, tenantId: string): number => {
  let taken = 0;
  while (slots.take(tenantId)) taken++;
  return taken;
};

describe("slots for files in memory", () => {
  it("are at most four of one tenant, so that another finds room", () => {
    const slots = new FileSlots();
    expect(takeAll(slots, "a")).toBe(4);
    expect(takeAll(slots, "b")).toBe(4);
  });

  it("are at most eight of all tenants", () => {
    const slots = new FileSlots();
    const taken = ["a", "b", "c", "d"].map((tenantId) => takeAll(slots, tenantId));
    expect(taken).toEqual([4, 4, 0, 0]);
  });

  it("given back are there for whoever comes next", () => {
    const slots = new FileSlots();
    takeAll(slots, "a");
    takeAll(slots, "b");
    slots.release("a");
    expect(slots.take("c")).toBe(true);
    expect(slots.take("a")).toBe(false);
    slots.release("b");
    expect(slots.take("a")).toBe(true);
  });

  it("are not given back more often than they were taken", () => {
    const slots = new FileSlots();
    slots.take("a");
    slots.release("a");
    expect(() => slots.release("a")).toThrow(RangeError);
    expect(() => slots.release("b")).toThrow(RangeError);
    expect(takeAll(slots, "a")).toBe(4);
  });
});
