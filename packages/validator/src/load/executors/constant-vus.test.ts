import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { Vu } from "../engine/vu.ts";
import { constantVus } from "./constant-vus.ts";
import type { ExecutorContext, LiveEdit } from "./executor.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;
const none = (): void => undefined;

/** Lets what waits for a promise go on; nothing here waits for anything else. */
async function nextTurn(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** A scenario of one sender, edited to `users` after 2 s; when each user began its only iteration. */
async function begun(users: number, startJitterMs?: number): Promise<number[]> {
  const clock = new TestClock();
  const starts: number[] = [];
  const wakes = new Set<() => void>();
  let edit: LiveEdit | null = null;
  let made = 0;
  const x: ExecutorContext = {
    clock,
    random: seededRandom(3),
    pacer: { until: () => Promise.resolve(), wake: none, close: () => Promise.resolve() },
    startMs: 0,
    seed: 3,
    worker: 0,
    workers: 1,
    edit: () => edit,
    pause: (waitMs) =>
      new Promise((resolve) => {
        wakes.add(resolve);
        clock.after(waitMs, resolve);
      }),
    stopped: () => false,
    user: (ended) => new Vu(0, made++, ended),
    holds: none,
    start: () => void starts.push(clock.monotonicMs()),
    underWay: () => starts.length,
    released: none,
    event: none,
    lose: none,
    enterPhase: none,
    nextStep: () => Promise.resolve(null),
  };
  const scenario = {
    executor: "constant-vus",
    vus: 1,
    durationMs: 10_000,
    request,
    ...(startJitterMs !== undefined && { startJitterMs }),
  } as const;
  const running = constantVus(scenario).run(x);
  const advance = async (ms: number): Promise<void> => {
    await nextTurn();
    clock.advance(ms);
    await nextTurn();
  };
  await advance(0);
  await advance(2_000);
  edit = { atMs: 2_000, users };
  for (const wake of wakes) wake();
  await advance(8_000);
  await running;
  return starts;
}

describe("constant users", () => {
  it("who joins while it runs is spread as the first are: no lock-step", async () => {
    const starts = await begun(50);
    const joined = starts.filter((ms) => ms >= 2_000);
    expect(starts).toHaveLength(50);
    expect(joined).toHaveLength(49);
    expect(new Set(joined).size).toBe(49);
    expect(Math.max(...joined)).toBeGreaterThan(2_300);
    expect(Math.max(...joined)).toBeLessThanOrEqual(2_500);
  });

  it("asked for lock-step, they begin at once", async () => {
    const starts = await begun(50, 0);
    expect(starts.filter((ms) => ms === 2_000)).toHaveLength(49);
  });
});
