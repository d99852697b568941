import { afterEach, describe, expect, it, vi } from "vitest";
import { judgeRounds, unless } from "./rounds.ts";

const context = {
  skip: (note?: string | boolean): never => {
    throw new Error(`skipped: ${String(note)}`);
  },
};

/** A measure that gives these rounds one after another, and how many were asked for. */
function rounds(...given: readonly (readonly string[])[]) {
  const asked = { count: 0 };
  const measure = (): Promise<readonly string[]> =>
    Promise.resolve(given[asked.count++] ?? ["beyond the last"]);
  return { asked, measure };
}

/** How three rounds with this off end, under the excuses of a machine that is not this one. */
async function endOf(
  off: readonly string[],
  excuses?: readonly (string | null)[],
): Promise<string> {
  const { asked, measure } = rounds(off, off, off);
  const look = () => () => excuses?.[asked.count - 1] ?? null;
  // Not a word of the suite's own.
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const end = await judgeRounds(context, measure, 3, excuses && look).then(
    () => "passed",
    (cause: unknown) => String(cause),
  );
  expect(asked.count).toBe(3);
  return end;
}

describe("figures judged by rounds", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("one round with nothing off is enough", async () => {
    const { asked, measure } = rounds([]);
    await judgeRounds(context, measure);
    expect(asked.count).toBe(1);
  });

  it("what only one round has off is the machine's", async () => {
    const { asked, measure } = rounds(["late"], []);
    await judgeRounds(context, measure);
    expect(asked.count).toBe(2);
  });

  it("what every round has off is skipped by name where the machine was busy in each", async () => {
    expect(await endOf(["late"], ["busy", "busier", "busy"])).toBe(
      "Error: skipped: NOT TESTED: late (busy, then busier, then busy)",
    );
  });

  it("what every round has off fails where the machine was quiet in any, first, middle or last", async () => {
    for (const excuses of [
      [null, "busy", "busy"],
      ["busy", null, "busy"],
      ["busy", "busy", null],
      [null, null, null],
    ])
      expect(await endOf(["late"], excuses)).toMatch(/^AssertionError: .*late/s);
  });

  it("looks at the machine itself where nobody else does, and then never passes what is off", async () => {
    expect(await endOf(["late"])).toMatch(/late/);
  });

  it("what fails on any machine fails in its round, and no other is measured", async () => {
    let count = 0;
    const measure = (): Promise<readonly string[]> => {
      count++;
      return Promise.reject(new RangeError("lost"));
    };
    await expect(judgeRounds(context, measure)).rejects.toThrow("lost");
    expect(count).toBe(1);
  });

  it("a sentence is said of what does not hold, and of that alone", () => {
    expect([unless(true, "a"), unless(false, "b")]).toEqual([[], ["b"]]);
  });
});
