import { afterEach, describe, expect, it, vi } from "vitest";
import { judgeRounds, unless } from "./rounds.ts";

class Skipped extends Error {}
const context = {
  skip: (note?: string | boolean): never => {
    throw new Skipped(String(note));
  },
};

/** A measure that gives these rounds one after another, and how many were asked for. */
function rounds(...given: readonly (readonly string[])[]) {
  const asked = { count: 0 };
  const measure = (): Promise<readonly string[]> =>
    Promise.resolve(given[asked.count++] ?? ["beyond the last"]);
  return { asked, measure };
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

  it("what every round has off never passes: it fails, or is skipped by name on a busy machine", async () => {
    const { asked, measure } = rounds(["late"], ["late"], ["late"]);
    // Not a word of the suite's own.
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const ended = await judgeRounds(context, measure).then(
      () => "passed",
      (cause: unknown) => String(cause),
    );
    expect(ended).toContain("late");
    expect(asked.count).toBe(3);
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
