import { rmSync } from "node:fs";
import { systemClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { quietest } from "../../../testkit/src/quietest.ts";
import { describe, expect, it } from "vitest";
import { runGateway, temporaryDir } from "../../test/harness.ts";
import { type Bench, openBench } from "../limits/limits.fixture.ts";
import { openStore } from "../state/open-store.ts";
import type { Store } from "../state/store.ts";
import { createLedger, openLedger } from "./ledger.ts";
import { windowAt } from "./window.ts";

const clock = systemClock();
const prices = { m: { input: 0, output: 1000 } };
const limitDefault = 0.1;
const nanoPerToken = 1_000_000;

interface Kept extends AsyncDisposable {
  readonly store: Store;
  readonly faults: string[];
  bench(o?: { readonly limit: number }): Bench;
  spent(): Promise<number>;
}

async function openKept(): Promise<Kept> {
  const dir = temporaryDir();
  const store = await openStore("sqlite:", { clock, dir });
  const { budgets } = store.repositories;
  const faults: string[] = [];
  const onFailure = (cause: unknown): void => void faults.push(String(cause));
  return {
    store,
    faults,
    bench: ({ limit } = { limit: limitDefault }) =>
      openBench({
        clock,
        limits: [{ scope: "key", resource: "money", limit, period: "total" }],
        prices,
        ledger: createLedger({ clock, budgets, onFailure }),
      }),
    spent: async () => (await budgets.spent(["total"]))[0]?.spentNano ?? 0,
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

describe("budgets beyond the life of a process", () => {
  it("a clean end leaves exactly what was spent, and the next process goes on from there", async () => {
    await using kept = await openKept();
    const first = kept.bench();
    const { x } = await first.call({ maxTokens: 60 });
    x.lease?.settle({ tokens: 30, nano: 30 * nanoPerToken });
    await first[Symbol.asyncDispose]();
    expect(await kept.spent()).toBe(30 * nanoPerToken);
    const second = kept.bench();
    expect((await second.call({ maxTokens: 71 })).refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
    expect((await second.call({ maxTokens: 70 })).refusal).toBeUndefined();
  });

  it("a process that vanishes has charged everything it had reserved", async () => {
    await using kept = await openKept();
    const vanished = kept.bench();
    await Promise.all(Array.from({ length: 50 }, () => vanished.call({ maxTokens: 1 })));
    expect(await kept.spent()).toBeGreaterThanOrEqual(50 * nanoPerToken);
    const next = kept.bench();
    const calls = await Promise.all(Array.from({ length: 60 }, () => next.call({ maxTokens: 1 })));
    const admitted = calls.filter(({ refusal }) => !refusal).length;
    expect(50 + admitted).toBeLessThanOrEqual(100);
    expect(admitted).toBeGreaterThanOrEqual(48);
    expect(kept.faults).toEqual([]);
  });

  it("what a budget still affords is charged before a call that asks for more may have it", async () => {
    await using kept = await openKept();
    const vanished = kept.bench({ limit: 0.5 });
    const { x, refusal } = await vanished.call({ maxTokens: 4096 });
    expect([refusal, x.lease?.outputBound]).toEqual([undefined, 500]);
    expect(await kept.spent()).toBeGreaterThanOrEqual(500 * nanoPerToken);
    const next = kept.bench({ limit: 0.5 });
    expect((await next.call({ maxTokens: 4096 })).refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
    expect((await next.call({ maxTokens: 1 })).refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
  });

  it("the store is never behind what is spent, at any moment of 200 calls", async () => {
    await using kept = await openKept();
    const bench = kept.bench();
    let admitted = 0;
    for (let i = 0; i < 4; i++) {
      const calls = Array.from({ length: 50 }, () => bench.call({ maxTokens: 1 }));
      for (const { refusal } of await Promise.all(calls)) if (!refusal) admitted++;
      expect(await kept.spent()).toBeGreaterThanOrEqual(admitted * nanoPerToken);
    }
    expect(admitted).toBe(100);
    expect(await kept.spent()).toBe(100 * nanoPerToken);
  });

  it("a store that cannot be read refuses with 503 rather than spend what may be gone", async () => {
    await using kept = await openKept();
    await kept.store.close();
    const { refusal } = await kept.bench().call({ maxTokens: 1 });
    expect(refusal?.code).toBe("LL_BUDGET_UNAVAILABLE");
    expect(kept.faults).toHaveLength(1);
  });

  it("a process that starts with a budget knows what was spent before its store goes away", async () => {
    await using kept = await openKept();
    const { budgets } = kept.store.repositories;
    const limits = [
      { scope: "key", resource: "money", limit: limitDefault, period: "total" },
    ] as const;
    const first = kept.bench();
    (await first.call({ maxTokens: 60 })).x.lease?.settle({ tokens: 60, nano: 60 * nanoPerToken });
    await first[Symbol.asyncDispose]();
    const lines: string[] = [];
    const logger = createLogger({ clock, write: (text) => void lines.push(text) });
    const ledger = openLedger(limits, { clock, logger, budgets });
    await ledger.load();
    await kept.store.close();
    const second = openBench({ clock, limits: [...limits], prices, ledger });
    expect((await second.call({ maxTokens: 41 })).refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
    for (let i = 0; i < 40; i++)
      expect((await second.call({ maxTokens: 1 })).refusal).toBeUndefined();
    logger.flush();
    // Forty calls on a store that is away; a busy machine may take some seconds for them.
    const told = lines.join("").split("budget.store").length - 1;
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(20);
  });

  it("is asked at the start where a budget is set, and nowhere else", () => {
    let reads = 0;
    const budgets = { add: () => Promise.resolve(), spent: () => (reads++, Promise.resolve([])) };
    const logger = createLogger({ clock, write: () => undefined });
    openLedger([{ resource: "requests" }], { clock, logger, budgets });
    expect(reads).toBe(0);
    openLedger([{ resource: "requests" }, { resource: "money" }], { clock, logger, budgets });
    expect(reads).toBe(1);
  });

  it("a gateway that restarts on its state goes on with the same budget", async () => {
    const settings = {
      limits: [{ scope: "global", resource: "money", limit: 0.006, period: "month" }],
      prices: { sim: { input: 0, output: 1000 } },
    };
    const call = { model: "sim", messages: [{ role: "user", content: "hi" }], max_tokens: 3 };
    const monthNow = (): string => windowAt("month", clock.wallMs()).id;
    const threeRuns = async (): Promise<{ isOneMonth: boolean; statuses: number[] }> => {
      const stateDir = temporaryDir();
      const month = monthNow();
      const statuses: number[] = [];
      let key = "";
      for (let run = 0; run < 3; run++) {
        const running = await runGateway(settings, stateDir);
        key ||= running.key;
        const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
        const url = `${running.url}/v1/chat/completions`;
        const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(call) });
        await response.text();
        statuses.push(response.status);
        await running.gateway.close({ graceMs: 0 });
      }
      rmSync(stateDir, { recursive: true, force: true });
      return { isOneMonth: month === monthNow(), statuses };
    };
    // With a month's end the budget begins anew.
    const { statuses } = await quietest(threeRuns, ({ isOneMonth }) => isOneMonth);
    expect(statuses).toEqual([200, 200, 402]);
  });
});
