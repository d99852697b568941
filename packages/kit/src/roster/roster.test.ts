import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRoster } from "./index.ts";

class Entry {
  place = -1;
  readonly name: number;

  constructor(name: number) {
    this.name = name;
  }
}

describe("roster", () => {
  it("holds what a set would hold after any order of adds and removes", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 200 }), (toggles) => {
        const entries = Array.from({ length: 21 }, (_, name) => new Entry(name));
        const roster = createRoster<Entry>();
        const model = new Set<number>();
        for (const name of toggles) {
          const entry = entries[name];
          if (entry === undefined) continue;
          if (model.delete(name)) roster.remove(entry);
          else {
            model.add(name);
            roster.add(entry);
          }
          const seen: number[] = [];
          roster.each((one) => seen.push(one.name));
          expect(seen.toSorted((a, b) => a - b)).toEqual([...model].toSorted((a, b) => a - b));
          expect(roster.size).toBe(model.size);
        }
      }),
    );
  });

  it("an entry removed twice, or never added, changes nothing", () => {
    const roster = createRoster<Entry>();
    const [a, b] = [new Entry(1), new Entry(2)];
    roster.add(a);
    roster.remove(b);
    roster.add(b);
    roster.remove(a);
    roster.remove(a);
    expect(roster.size).toBe(1);
    expect(b.place).toBe(0);
    expect(a.place).toBe(-1);
  });

  it("a removed entry is not visited by the walk that removed it", () => {
    const roster = createRoster<Entry>();
    const entries = [1, 2, 3, 4].map((name) => new Entry(name));
    for (const entry of entries) roster.add(entry);
    const seen: number[] = [];
    roster.each((entry) => {
      seen.push(entry.name);
      for (const other of entries) if (other !== entry) roster.remove(other);
    });
    expect(seen).toEqual([4]);
    expect(roster.size).toBe(1);
  });
});
