import { describe, expect, it } from "vitest";
import { constantVus } from "./constant-vus.ts";
import { LoneSender } from "./context.fixture.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;

/** A scenario of one sender, edited to `users` after 2 s; when each user began its only iteration. */
async function begun(users: number, startJitterMs?: number): Promise<number[]> {
  const sender = new LoneSender();
  const scenario = {
    executor: "constant-vus",
    vus: 1,
    durationMs: 10_000,
    request,
    ...(startJitterMs !== undefined && { startJitterMs }),
  } as const;
  const { over } = await sender.run(constantVus(scenario));
  await sender.advance(2_000);
  sender.edit({ atMs: 2_000, users });
  await sender.advance(8_000);
  await over;
  return sender.starts;
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
