import { type Clock, TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { readStolen } from "../../packages/validator/src/load/engine/stolen.ts";
import {
  judgedRound,
  lookBySecond,
  notesBeyond,
  type MachineWatch,
  quietestExcused,
  watchLoopToo,
  watchMachine,
  type Waits,
} from "./busy-rounds.ts";

/** Rounds of these figures, under the excuses that are beside them. */
function roundsOf(given: readonly (readonly [number, string | null])[]) {
  let at = -1;
  const measure = (): Promise<number> => Promise.resolve(given[++at]?.[0] ?? Number.NaN);
  const watch = (): MachineWatch => ({
    excuse: () => given[at]?.[1] ?? null,
    [Symbol.dispose]: () => undefined,
  });
  const count = (): number => at + 1;
  return { measure, watch, count };
}

function rounds(...given: readonly (readonly [number, string | null])[]) {
  const { measure, watch, count } = roundsOf(given);
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

describe("rounds that a busy machine may keep from being shown at all", () => {
  it("say what excuses them; one that is off on a quiet machine has no excuse", async () => {
    const judged = async (...given: readonly (readonly [number, string | null])[]) => {
      const { measure, watch } = roundsOf(given);
      return judgedRound(measure, (ms) => ms <= 10, 2, watch);
    };
    expect(await judged([50, "busy"], [60, "busy"], [1, null])).toEqual({
      seen: 60,
      excuse: "busy",
    });
    expect(await judged([50, "busy"], [60, null])).toEqual({ seen: 60, excuse: null });
    expect((await judged([50, "busy"], [1, "busy"])).seen).toBe(1);
  });

  it("beyond the bound fail on a quiet machine and are not tested on a busy one", () => {
    expect(notesBeyond({ seen: 10, excuse: null }, 10)).toEqual([]);
    expect(notesBeyond({ seen: 10, excuse: "busy" }, 10)).toEqual([]);
    expect(() => notesBeyond({ seen: 10.6, excuse: null }, 10)).toThrow("11 ms, beyond 10 ms");
    expect(notesBeyond({ seen: 11, excuse: "busy" }, 10)).toEqual([
      "NOT TESTED: within 10 ms (11 ms, but busy)",
    ]);
  });

  it("a timer of the process that comes late is an excuse, however quiet the machine is", () => {
    const quiet = { excuse: () => null, [Symbol.dispose]: () => undefined };
    const clock = new TestClock();
    /** Time passes, and no timer runs meanwhile, as while something else keeps the event loop. */
    let stoodMs = 0;
    const standing: Clock = {
      wallMs: () => clock.wallMs(),
      monotonicMs: () => clock.monotonicMs() + stoodMs,
      after: (ms, run) => clock.after(ms, run),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    using watch = watchLoopToo(standing, quiet);
    clock.advance(5000);
    expect(watch.excuse()).toBeNull();
    stoodMs += 150;
    expect(watch.excuse()).toContain("a timer of the test itself came");
    clock.advance(5000);
    expect(watch.excuse()).toContain("ms late");
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
