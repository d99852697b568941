import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutcomeWindow, windowOutcomesMax } from "./outcome-window.ts";
import { breakerDefaults, type BreakerSettings } from "./settings.ts";

/** Reaches back over three outcomes however old, and looks at the last five for the fast rule. */
const settings: BreakerSettings = {
  ...breakerDefaults,
  windowMs: 1000,
  oldestMs: 5000,
  minVolume: 3,
  minFailures: 1,
  rate: 0.5,
  fastOf: 5,
};
const reach = 3;

type Outcome = readonly [atMs: number, isFailure: boolean];

/** The rule as it is written: a list, and what of it counts. */
class Model {
  all: Outcome[] = [];
  #counted: Outcome[] = [];

  add(isFailure: boolean, nowMs: number): void {
    this.all.push([nowMs, isFailure]);
    this.#counted.push([nowMs, isFailure]);
    this.expire(nowMs);
  }

  expire(nowMs: number): void {
    const counts = ([atMs]: Outcome): boolean => {
      const ageMs = nowMs - atMs;
      const isReached = this.#counted.length <= reach && ageMs <= settings.oldestMs;
      return ageMs < settings.windowMs || isReached;
    };
    for (let first = this.#counted[0]; first && !counts(first); first = this.#counted[0])
      this.#counted.shift();
  }

  clear(): void {
    this.all = [];
    this.#counted = [];
  }

  get seen(): [size: number, failures: number, last: number] {
    const failures = (list: readonly Outcome[]): number => list.filter(([, bad]) => bad).length;
    const last = this.all.slice(-settings.fastOf);
    return [this.#counted.length, failures(this.#counted), failures(last)];
  }
}

const seen = (window: OutcomeWindow): number[] => [
  window.size,
  window.failures,
  window.lastFailures,
];

describe("the window of outcomes", () => {
  it("counts what the rule says, however many come, go and are forgotten", () => {
    const gap = fc.oneof(
      { weight: 20, arbitrary: fc.nat(6) },
      { weight: 1, arbitrary: fc.constantFrom(999, 1000, 1001, 4999, 5000, 5001) },
    );
    const act = fc.oneof(
      { weight: 60, arbitrary: fc.tuple(fc.constant("add" as const), gap, fc.boolean()) },
      { weight: 2, arbitrary: fc.tuple(fc.constant("expire" as const), gap, fc.boolean()) },
      { weight: 1, arbitrary: fc.tuple(fc.constant("clear" as const), gap, fc.boolean()) },
    );
    const acts = fc.array(act, { maxLength: 400, size: "max" });
    fc.assert(
      fc.property(acts, (all) => {
        const window = new OutcomeWindow(settings);
        const model = new Model();
        let nowMs = 0;
        for (const [what, gapMs, isFailure] of all) {
          nowMs += gapMs;
          for (const one of [window, model]) {
            if (what === "add") one.add(isFailure, nowMs);
            else if (what === "expire") one.expire(nowMs);
            else one.clear();
          }
          expect(seen(window)).toEqual(model.seen);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("keeps its order while it grows: a thousand of one second leave one by one", () => {
    const window = new OutcomeWindow({ ...settings, minVolume: 1, minFailures: 0 });
    for (let i = 0; i < 1000; i++) window.add(i % 3 === 0, i);
    expect([window.size, window.failures]).toEqual([1000, 334]);
    for (let i = 0; i < 900; i++) {
      window.expire(1000 + i);
      expect([window.size, window.failures]).toEqual([999 - i, 333 - Math.floor(i / 3)]);
    }
  });

  it("a window cleared while it was full of failures has none of them left anywhere", () => {
    const window = new OutcomeWindow(settings);
    for (let i = 0; i < 200; i++) window.add(true, i);
    window.clear();
    expect(seen(window)).toEqual([0, 0, 0]);
    window.add(true, 300);
    window.add(false, 300);
    expect(seen(window)).toEqual([2, 1, 1]);
  });

  it("holds its newest outcomes and never more than its bound", () => {
    const window = new OutcomeWindow({ ...settings, windowMs: 1e9 });
    for (let i = 0; i < windowOutcomesMax; i++) window.add(true, 0);
    for (let i = 0; i < 100; i++) window.add(false, 0);
    expect(seen(window)).toEqual([windowOutcomesMax, windowOutcomesMax - 100, 0]);
  });
});
