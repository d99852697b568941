import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { type Entrant, Gate } from "./gate.ts";

class Guest implements Entrant {
  state: "waits" | "in" | "refused" | "shut" = "waits";

  begin(): void {
    if (this.state !== "waits") throw new Error(`begun while ${this.state}`);
    this.state = "in";
  }

  refuse(): void {
    if (this.state !== "waits") throw new Error(`refused while ${this.state}`);
    this.state = "refused";
  }

  shut(): void {
    if (this.state !== "waits") throw new Error(`shut out while ${this.state}`);
    this.state = "shut";
  }
}

function entered(gate: Gate): Guest {
  const guest = new Guest();
  gate.enter(guest);
  return guest;
}

describe("a gate", () => {
  it("gives a free place to who has waited longest", () => {
    const gate = new Gate({ max: 1, queueMax: 2, queueWaitMs: 1000, clock: new TestClock() });
    const all = [entered(gate), entered(gate), entered(gate), entered(gate)];
    expect(all.map((guest) => guest.state)).toEqual(["in", "waits", "waits", "refused"]);
    gate.leave();
    expect(all.map((guest) => guest.state)).toEqual(["in", "in", "waits", "refused"]);
  });

  it("refuses who waited for the whole time, not a millisecond earlier, and leaves no timer", () => {
    const clock = new TestClock();
    const gate = new Gate({ max: 1, queueMax: 2, queueWaitMs: 1000, clock });
    entered(gate);
    const early = entered(gate);
    clock.advance(400);
    const late = entered(gate);
    clock.advance(599);
    expect([early.state, late.state]).toEqual(["waits", "waits"]);
    clock.advance(1);
    expect([early.state, late.state]).toEqual(["refused", "waits"]);
    gate.leave();
    expect(late.state).toBe("in");
    expect(clock.pending).toBe(0);
  });

  it("closed, shuts out all that wait", () => {
    const clock = new TestClock();
    const gate = new Gate({ max: 1, queueMax: 2, queueWaitMs: 1000, clock });
    const [first, second] = [entered(gate), entered(gate)];
    gate.close();
    expect([first.state, second.state, clock.pending]).toEqual(["in", "shut", 0]);
  });

  it("in random orders: never more than its places, never a place lost", () => {
    const random = seededRandom(11);
    for (let round = 0; round < 100; round++) {
      const clock = new TestClock();
      const max = 1 + random.below(3);
      const gate = new Gate({ max, queueMax: 3, queueWaitMs: 100, clock });
      const guests: Guest[] = [];
      let left = 0;
      const inside = (): number => guests.filter(({ state }) => state === "in").length - left;
      for (let step = 0; step < 60; step++) {
        const what = random.below(4);
        if (what === 0) guests.push(entered(gate));
        else if (what === 1 && inside() > 0) {
          left++;
          gate.leave();
        } else if (what === 2) {
          const waiting = guests.findIndex(({ state }) => state === "waits");
          const guest = guests[waiting];
          if (guest) {
            expect(gate.drop(guest)).toBe(true);
            guests.splice(waiting, 1);
          }
        } else clock.advance(random.below(80));
        expect(inside()).toBeLessThanOrEqual(max);
        const waits = guests.filter(({ state }) => state === "waits").length;
        expect(gate.queued).toBe(waits);
        if (waits > 0) expect(inside()).toBe(max);
      }
      while (inside() > 0) {
        left++;
        gate.leave();
      }
      const again = Array.from({ length: max }, () => entered(gate));
      expect(again.map(({ state }) => state)).toEqual(again.map(() => "in"));
      expect(clock.pending).toBe(0);
    }
  });
});
