import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  cpuWaitedMs,
  machinePressurePercent,
  notTested,
  quietest,
  skipNotTested,
} from "./machine.ts";

const said = `some avg10=31.25 avg60=2.89 avg300=5.93 total=20281245291
full avg10=0.50 avg60=0.00 avg300=0.00 total=7
`;

/** A context whose test would be skipped, with this note. */
const context = {
  skip: (note: unknown): never => {
    throw new Error(`skipped: ${String(note)}`);
  },
};

describe("how busy this machine is", () => {
  it("is read from the kernel's line of some, not from that of full", () => {
    expect(machinePressurePercent(said)).toBe(31.25);
    expect(cpuWaitedMs(said)).toBe(20_281_245.291);
  });

  it("counts as busy, and as never having waited, where the kernel does not say", () => {
    expect(machinePressurePercent("")).toBe(100);
    expect(cpuWaitedMs("")).toBe(0);
  });

  it("of this one is a share, and its waits only grow", () => {
    const before = cpuWaitedMs();
    expect(machinePressurePercent()).toBeGreaterThanOrEqual(0);
    expect(machinePressurePercent()).toBeLessThanOrEqual(100);
    expect(cpuWaitedMs()).toBeGreaterThanOrEqual(before);
  });
});

describe("what was not tested", () => {
  let printed: string[] = [];
  beforeEach(() => {
    printed = [];
    vi.spyOn(process.stderr, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  });
  afterEach(() => void vi.restoreAllMocks());

  it("is printed, and skips with every reason, never passes it", () => {
    const notes = [notTested("a", "PSI 40 %"), notTested("b", "no part")];
    expect(printed).toEqual(["NOT TESTED: a (PSI 40 %)\n", "NOT TESTED: b (no part)\n"]);
    expect(() => skipNotTested(context, notes)).toThrow(
      "skipped: NOT TESTED: a (PSI 40 %); NOT TESTED: b (no part)",
    );
  });

  it("nothing of that sort skips nothing", () => {
    expect(() => skipNotTested(context, [])).not.toThrow();
  });
});

describe("the quietest round", () => {
  const rounds = (figures: readonly number[]) => {
    const left = [...figures];
    return { left, measure: () => Promise.resolve(left.shift() ?? Number.NaN) };
  };
  const isGood = (figure: number): boolean => figure < 5;

  it("is the first good one, and nothing is measured after it", async () => {
    const { left, measure } = rounds([9, 4, 3]);
    expect(await quietest(measure, isGood)).toBe(4);
    expect(left).toEqual([3]);
  });

  it("of rounds that are all bad is the last of at most four", async () => {
    const { left, measure } = rounds([9, 8, 7, 6, 1]);
    expect(await quietest(measure, isGood)).toBe(6);
    expect(left).toEqual([1]);
  });

  it("hides no round that fails: its error is thrown", async () => {
    const broken = () => Promise.reject(new Error("599 of 600 answered"));
    await expect(quietest(broken, isGood)).rejects.toThrow("599 of 600");
  });
});
