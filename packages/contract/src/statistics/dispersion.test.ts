import { seededRandom } from "@loadline/kit/random";
import { expect, test } from "vitest";
import {
  checkDispersion,
  countEpisodes,
  type Slice,
  toBatches,
  varianceRatio,
} from "./dispersion.ts";

function simulate(seed: number, slices: number, perSlice: number, bad: number): Slice[] {
  const random = seededRandom(seed);
  return Array.from({ length: slices }, (): Slice => {
    let count = 0;
    for (let i = 0; i < perSlice; i++) if (random.unit() < bad) count++;
    return [perSlice, count];
  });
}

test("independent failures exceed 1.5 about one time in 25", () => {
  let over = 0;
  for (let seed = 1; seed <= 500; seed++) {
    if (checkDispersion(simulate(seed, 60, 100, 0.02), 1_000).dependent) over++;
  }
  expect(over).toBeGreaterThan(5);
  expect(over).toBeLessThan(40);
});

test("bursts of 20 are found", () => {
  const slices = simulate(1, 60, 100, 0).map(([n], i): Slice => [n, i % 15 === 7 ? 20 : 0]);
  expect(varianceRatio(slices)).toBeGreaterThan(5);
  expect(checkDispersion(slices, 1_000).dependent).toBe(true);
});

test("nothing is dependent with fewer than two bad events", () => {
  expect(checkDispersion([[100, 1]], 1_000)).toEqual({ factor: 1, dependent: false });
});

test("2 to 4 bad events closer than a second are one episode", () => {
  const quiet: Slice = [10, 0];
  const bad: Slice = [10, 1];
  expect(countEpisodes([bad, bad, quiet, quiet, bad], 1_000)).toBe(2);
  expect(countEpisodes([bad, quiet, bad], 1_000)).toBe(2);
  expect(checkDispersion([bad, bad, quiet, bad], 1_000)).toMatchObject({
    episodes: 2,
    dependent: true,
  });
  expect(checkDispersion([bad, quiet, bad], 1_000).dependent).toBe(false);
});

test("at a low rate the window is five mean gaps", () => {
  const slices: Slice[] = [
    [1, 1],
    [1, 0],
    [1, 0],
    [1, 1],
    [1, 0],
    [1, 0],
    [1, 0],
    [1, 0],
  ];
  expect(countEpisodes(slices, 1_000)).toBe(1);
});

test("batches keep every event and are at most 30", () => {
  const batches = toBatches(simulate(3, 100, 7, 0.3));
  expect(batches.length).toBe(30);
  expect(batches.reduce((sum, [n]) => sum + n, 0)).toBe(700);
});

test("a total outage is one value, not dispersion", () => {
  expect(
    varianceRatio([
      [10, 10],
      [10, 10],
    ]),
  ).toBe(1);
});
