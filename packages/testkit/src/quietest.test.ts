import { describe, expect, it } from "vitest";
import { quietest } from "./quietest.ts";

/** The rounds that were measured, and the one that is judged. */
async function judged(figures: readonly number[], roundsMax?: number): Promise<[number[], number]> {
  const seen: number[] = [];
  const measure = (): Promise<number> => {
    seen.push(figures[seen.length] ?? Number.NaN);
    return Promise.resolve(seen.at(-1) ?? Number.NaN);
  };
  const round = await quietest(measure, (figure) => figure < 10, roundsMax);
  return [seen, round];
}

describe("the quietest of several rounds", () => {
  it("is the first good one, after which nothing is measured", async () => {
    expect(await judged([5, 1])).toEqual([[5], 5]);
    expect(await judged([50, 12, 7, 1])).toEqual([[50, 12, 7], 7]);
  });

  it("is the last one, bad as it is, when none of four or of as many as wanted is good", async () => {
    expect(await judged([50, 40, 30, 20, 1])).toEqual([[50, 40, 30, 20], 20]);
    expect(await judged([50, 40, 1], 2)).toEqual([[50, 40], 40]);
    expect(await judged([50, 1], 1)).toEqual([[50], 50]);
  });

  it("is none where measuring it fails: that is never tried again", async () => {
    let rounds = 0;
    const measure = (): Promise<number> => {
      rounds += 1;
      return Promise.reject(new Error("broken"));
    };
    await expect(quietest(measure, () => true)).rejects.toThrow("broken");
    expect(rounds).toBe(1);
  });
});
