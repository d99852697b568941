import { describe, expect, it } from "vitest";
import { LoneSender } from "./context.fixture.ts";
import { ladder } from "./ladder.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;

/** When the users of a ladder's one hold of 10 s began; a tenth of it settles. */
async function begun(startJitterMs?: number): Promise<number[]> {
  const sender = new LoneSender();
  const scenario = {
    executor: "ladder",
    users: [50],
    rounds: 1,
    holdMs: 10_000,
    request,
    ...(startJitterMs !== undefined && { startJitterMs }),
  } as const;
  const { over } = await sender.run(ladder(scenario));
  for (let at = 0; at < 100; at++) await sender.advance(100);
  await over;
  return sender.starts;
}

describe("users of a ladder", () => {
  it("begin spread over the first half of what settles: none begins in what is counted", async () => {
    const starts = await begun();
    expect(starts).toHaveLength(50);
    expect(Math.max(...starts)).toBeGreaterThan(300);
    expect(Math.max(...starts)).toBeLessThanOrEqual(600);
    expect(new Set(starts).size).toBeGreaterThan(5);
  });

  it("begin as the plan's startJitter says, at once where it says 0", async () => {
    expect(new Set(await begun(0))).toEqual(new Set([0]));
    const wide = await begun(5_000);
    expect(wide).toHaveLength(50);
    expect(Math.max(...wide)).toBeGreaterThan(3_000);
  });
});
