import { CircuitBreaker } from "@loadline/kit/circuit-breaker";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import type { Controls } from "../../packages/gateway/src/controls.ts";
import { type Running, runGateway } from "../../packages/gateway/test/harness.ts";
import { watchMachine } from "../integration/busy-rounds.ts";
import { notTested, quietest, skipNotTested } from "../integration/machine.ts";
import { type Bounded, isDecided, p99Bounds } from "./order-statistics.ts";

const clock = systemClock();
const addedMsMax = 1;
const blocks = 100;
/** Together 5,000 a side: of fewer, p99 lies between values further apart than what is asked. */
const callsPerBlock = 100;
const roundsMax = 2;

/** Lets everything pass and remembers nothing. */
class NoBreaker extends CircuitBreaker {
  override admits(): boolean {
    return true;
  }
  override acquire(): number {
    return 0;
  }
  override record(): void {
    return undefined;
  }
}

const off: Partial<Controls> = {
  breaker: (deps) => new NoBreaker(deps),
  limits: (limits) => ({
    reserve: () => undefined,
    settle: () => undefined,
    status: () => limits.status(),
    close: () => limits.close(),
  }),
};

const per = { limit: 1_000_000, period: "1m", burst: 100_000 };
const limits = [
  { scope: "key", resource: "requests", ...per },
  { scope: "key", resource: "tokens", limit: 1e9, period: "1m" },
  { scope: "global", resource: "requests", ...per },
];

async function chatMs(g: Running): Promise<number> {
  const body = { model: "sim", messages: [{ role: "user", content: "hi" }], max_tokens: 2 };
  const startMs = clock.monotonicMs();
  const answer = await g.post("/v1/chat/completions", body);
  await answer.arrayBuffer();
  expect(answer.status).toBe(200);
  return clock.monotonicMs() - startMs;
}

/** What p99 with limiter and breaker is above p99 without, ms; blocks of both take turns. */
async function measure(on: Running, without: Running): Promise<Bounded> {
  using watching = watchMachine();
  const ms: [on: number[], off: number[]] = [[], []];
  for (let i = 0; i < blocks; i++) {
    const side = i % 2 === 0 ? 0 : 1;
    for (let call = 0; call < callsPerBlock; call++)
      ms[side].push(await chatMs(side === 0 ? on : without));
  }
  const [a, b] = [p99Bounds(ms[0]), p99Bounds(ms[1])];
  return { lower: a.lower - b.upper, upper: a.upper - b.lower, excuse: watching.excuse() };
}

describe("limiter and breaker together", () => {
  it("add at most 1 ms to p99, in blocks with and without them [R0-19]", async (context) => {
    await using on = await runGateway({ limits });
    await using without = await runGateway({ limits }, undefined, off);
    // Code that never ran is slow in whichever block comes first.
    for (let i = 0; i < 300; i++) for (const g of [on, without]) await chatMs(g);
    const round = await quietest(
      () => measure(on, without),
      (one) => isDecided(one, addedMsMax),
      roundsMax,
    );
    // Both sides are what they are said to be.
    const counted = async (g: Running): Promise<boolean> =>
      /limit_decisions_total\{[^}]*decision="admitted"[^}]*\} [1-9]/.test(
        await (await g.get("/metrics")).text(),
      );
    expect([await counted(on), await counted(without)]).toEqual([true, false]);
    if (round.upper <= addedMsMax) return;
    if (round.excuse === null) expect(round.lower).toBeLessThanOrEqual(addedMsMax);
    const seen = `they add ${round.lower.toFixed(2)} to ${round.upper.toFixed(2)} ms`;
    skipNotTested(context, [
      notTested("limiter and breaker within 1 ms", `${seen}; ${round.excuse ?? "inconclusive"}`),
    ]);
  }, 180_000);
});
