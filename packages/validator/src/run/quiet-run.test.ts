import { describe, expect, it, type TestContext } from "vitest";
import { quietRun } from "./load-job.fixture.ts";

const skip = (note?: unknown): never => {
  throw new Error(String(note));
};
const context: Pick<TestContext, "skip"> = { skip };

const resultOf = (verdict: string, holds: boolean, guard = "guard.load.pressure") => ({
  verdict: { claims: [{ verdict }, { verdict: "passed" }], guards: [{ guard, holds }] },
});
const busy = resultOf("inconclusive", false);
const wrong = resultOf("inconclusive", true);
const good = resultOf("failed", true);

/** Of runs with these results, the last of them again and again, the one that is judged. */
async function judged(...results: readonly ReturnType<typeof resultOf>[]) {
  let count = 0;
  const run = () => Promise.resolve(results[Math.min(count++, results.length - 1)] ?? good);
  const result = await quietRun(context, run, (one) => one === good);
  return { result, count };
}

describe("runs of a load whose verdict a busy machine may take back", () => {
  it("are made again until one says what it is to say, and four times at most", async () => {
    expect(await judged(good)).toEqual({ result: good, count: 1 });
    expect(await judged(busy, wrong, good)).toEqual({ result: good, count: 3 });
    expect(await judged(wrong)).toEqual({ result: wrong, count: 4 });
  });

  it("are not tested where the machine broke a guard in each of them", async () => {
    await expect(judged(busy)).rejects.toThrow("NOT TESTED: the verdict of a load");
    await expect(judged(busy)).rejects.toThrow("guard.load.pressure");
  });

  it("hide no fault: one of them on a quiet machine is judged, whatever the others were", async () => {
    expect((await judged(wrong, busy)).result).toBe(wrong);
    expect((await judged(busy, busy, wrong, busy)).result).toBe(wrong);
  });

  it("have no excuse in a guard of the load itself, nor in one that took no verdict back", async () => {
    const edited = resultOf("inconclusive", false, "guard.load.schedule");
    expect((await judged(edited)).result).toBe(edited);
    const decided = resultOf("passed", false);
    expect((await judged(decided)).result).toBe(decided);
  });
});
