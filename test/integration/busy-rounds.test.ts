import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { readStolen } from "../../packages/validator/src/load/engine/stolen.ts";
import {
  lookBySecond,
  type MachineWatch,
  quietestExcused,
  watchMachine,
  type Waits,
} from "./busy-rounds.ts";

/** Rounds of these figures, under the excuses that are beside them. */
function rounds(...given: readonly (readonly [number, string | null])[]) {
  let at = -1;
  const measure = (): Promise<number> => Promise.resolve(given[++at]?.[0] ?? Number.NaN);
  const watch = (): MachineWatch => ({
    excuse: () => given[at]?.[1] ?? null,
    [Symbol.dispose]: () => undefined,
  });
  const count = (): number => at + 1;
  return { count, quietest: () => quietestExcused(measure, (ms) => ms <= 10, 4, watch) };
}

describe("rounds that may be measured again", () => {
  it("one that is good is the last", async () => {
    const { count, quietest } = rounds([5, null], [1, null]);
    expect([await quietest(), count()]).toEqual([5, 1]);
  });

  it("one that is off on a quiet machine is the last: no later one takes its place", async () => {
    const { count, quietest } = rounds([50, null], [1, null]);
    expect([await quietest(), count()]).toEqual([50, 1]);
  });

  it("one that is off on a busy machine is measured again, four times at most", async () => {
    const { count, quietest } = rounds([50, "busy"], [60, "busy"], [1, null]);
    expect([await quietest(), count()]).toEqual([1, 3]);
    const never = rounds([50, "a"], [50, "a"], [50, "a"], [70, "a"], [1, null]);
    expect([await never.quietest(), never.count()]).toEqual([70, 4]);
  });
});

describe("the excuse of a machine", () => {
  const stolen = readStolen();
  /** A watch over a machine whose counters are set by hand. */
  function watched(first: Omit<Waits, "stolen"> = { cpuMs: 5000, ioMs: 100 }) {
    const clock = new TestClock();
    const waits = { ...first };
    return { clock, waits, watch: watchMachine(clock, () => ({ ...waits, stolen })) };
  }

  it("is a second in which a tenth of it waited for a CPU, however long the rest was quiet", () => {
    const { clock, waits, watch } = watched();
    clock.advance(5000);
    waits.cpuMs += 250;
    clock.advance(1000);
    clock.advance(20_000);
    expect(watch.excuse()).toContain("25 % waited for a CPU");
  });

  it("is a wait for a disk", () => {
    const { clock, waits, watch } = watched();
    waits.ioMs += 80;
    clock.advance(1000);
    expect(watch.excuse()).toContain("8 % for a disk");
  });

  it("is not the same wait spread over many seconds, nor a few ms of a short round", () => {
    const { clock, waits, watch } = watched();
    for (let i = 0; i < 20; i++) {
      waits.cpuMs += 50;
      clock.advance(1000);
    }
    expect(watch.excuse()).toBeNull();
    const short = watched();
    short.waits.cpuMs += 20;
    short.clock.advance(40);
    expect(short.watch.excuse()).toBeNull();
  });

  it("is there when the kernel says nothing", () => {
    expect(watched({ cpuMs: 0, ioMs: 0 }).watch.excuse()).toContain("does not say");
  });

  it("of a look is a quarter of a second, not the tenth that a process takes to start", () => {
    const excuseAt = (waitedMs: number): string | null => {
      const clock = new TestClock();
      const waits = { cpuMs: 5000, ioMs: 0 };
      const excuseOf = lookBySecond(clock, () => ({ ...waits, stolen }));
      waits.cpuMs += waitedMs;
      clock.advance(1000);
      clock.advance(20_000);
      return excuseOf();
    };
    expect(excuseAt(200)).toBeNull();
    expect(excuseAt(300)).toContain("30 % waited for a CPU");
  });

  it("ends with its watch: no timer is left", () => {
    const { clock, waits, watch } = watched();
    watch[Symbol.dispose]();
    waits.cpuMs += 900;
    clock.advance(60_000);
    // One look over a minute, not one of its seconds.
    expect(watch.excuse()).toBeNull();
  });
});
