import { monotonicUs, TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { createLedger, type Ledger } from "../budgets/ledger.ts";
import type { BudgetSpentRow } from "../state/rows.ts";
import { type Bench, type BenchOptions, openBench } from "./limits.fixture.ts";
import { describeLimits } from "./limits.suite.fixture.ts";
import { scriptLink } from "./script-link.ts";
import { ScriptTable } from "./script-table.ts";

function tableOn(clock: TestClock, o: Partial<ConstructorParameters<typeof ScriptTable>[0]> = {}) {
  return new ScriptTable({
    nowUs: () => monotonicUs(clock),
    wallMs: () => clock.wallMs(),
    ...o,
  });
}

/** Settles are on their way for some ms. */
async function settled(clock: TestClock): Promise<void> {
  clock.advance(10);
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** A worker of `table`; `owner` is the process the table takes it for. */
async function workerOf(
  table: ScriptTable,
  clock: TestClock,
  o: Omit<BenchOptions, "clock"> & { owner?: string },
): Promise<Bench> {
  const { owner = "one", ...options } = o;
  const openLink = scriptLink((call) => Promise.resolve(table.run(call, owner)), queueMicrotask);
  const bench = openBench({
    ...options,
    clock,
    redis: { url: "", ...options.redis, replica: owner, openLink },
  });
  clock.advance(0);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  expect(bench.limits.status().mode).toBe("shared");
  return bench;
}

/** A ledger whose budgets are written when the test says so. */
function slowLedger(clock: TestClock): { ledger: Ledger; writes: (() => void)[] } {
  const writes: (() => void)[] = [];
  const budgets = {
    add: () => new Promise<void>((written) => void writes.push(written)),
    spent: () => Promise.resolve([]),
  };
  return { ledger: createLedger({ clock, budgets, onFailure: () => expect.fail() }), writes };
}

describe("limits that a supervisor keeps for its workers", () => {
  const clock = new TestClock();
  describeLimits({
    clock,
    open: (o) => workerOf(tableOn(clock), clock, o),
    async pass(ms) {
      clock.advance(ms);
      for (let i = 0; i < 50; i++) await Promise.resolve();
    },
  });

  it("workers together admit exactly what one process would", async () => {
    const table = tableOn(clock);
    const limits = [
      { scope: "key", resource: "requests", limit: 60, period: "1h", burst: 40 },
      { scope: "global", resource: "money", limit: 0.03, period: "total" },
    ] as const;
    const prices = { m: { input: 0, output: 1000 } };
    const open = (owner: string) => workerOf(table, clock, { owner, limits: [...limits], prices });
    const workers = [await open("one"), await open("two"), await open("three")];
    const all = await Promise.all(
      Array.from({ length: 99 }, async (_, i) => workers[i % 3]?.call({ maxTokens: 1 })),
    );
    expect(all.filter((one) => one?.refusal === undefined)).toHaveLength(30);
    for (const worker of workers) await worker[Symbol.asyncDispose]();
  });

  it("a full table refuses strangers alone, for want of room, until a rate is full again or a day over", async () => {
    const calm = new TestClock();
    const table = tableOn(calm, { limitersMax: 2 });
    const limits = [
      { scope: "key", resource: "requests", limit: 60, period: "1m", burst: 3 },
      { scope: "key", resource: "money", limit: 1, period: "day" },
    ] as const;
    const prices = { m: { input: 0, output: 1000 } };
    const redis = { url: "", leaseMs: 3_600_000 };
    await using worker = await workerOf(table, calm, { limits: [...limits], prices, redis });
    const ask = async (key: string): Promise<string | undefined> => {
      const { x, refusal } = await worker.call({ key, maxTokens: 1 });
      x.lease?.settle(undefined);
      for (let i = 0; i < 20; i++) await Promise.resolve();
      return refusal?.code;
    };
    for (const key of ["a", "b", "a", "b"]) expect([key, await ask(key)]).toEqual([key, undefined]);
    expect(await ask("c")).toBe("LL_LIMIT_CAPACITY");
    // Those who are known go on, up to their own limits.
    expect(await ask("a")).toBeUndefined();
    expect(await ask("a")).toBe("LL_LIMIT_REQUESTS");
    // Their rates are full again; their budgets are spent from until the day is over.
    calm.advance(60_000);
    expect(await ask("c")).toBe("LL_LIMIT_CAPACITY");
    calm.advance(86_400_000);
    for (const key of ["c", "d"]) expect([key, await ask(key)]).toEqual([key, undefined]);
    expect(await ask("a")).toBe("LL_LIMIT_CAPACITY");
  });

  it.each([
    ["total", "day"],
    ["day", "total"],
  ] as const)(
    "a day that is over makes room whichever budget of a call is looked at first: %s, %s",
    async (...periods) => {
      const calm = new TestClock();
      const table = tableOn(calm, { limitersMax: 4 });
      const limits = periods.map((period) => {
        return { scope: "key", resource: "money", limit: 1, period } as const;
      });
      const prices = { m: { input: 0, output: 1000 } };
      await using worker = await workerOf(table, calm, { limits, prices });
      const ask = async (key: string): Promise<string | undefined> => {
        const { x, refusal } = await worker.call({ key, maxTokens: 1 });
        x.lease?.settle(undefined);
        await settled(calm);
        return refusal?.code;
      };
      for (const key of ["a", "b"]) expect([key, await ask(key)]).toEqual([key, undefined]);
      expect(await ask("c")).toBe("LL_LIMIT_CAPACITY");
      calm.advance(86_400_000);
      expect(await ask("c")).toBeUndefined();
    },
  );

  it("a budget with nothing spent and nobody who holds any of it makes room, and is written back", async () => {
    const calm = new TestClock();
    const written = new Map<string, number>();
    const budgets = {
      add(rows: readonly BudgetSpentRow[]) {
        for (const { budgetId, spentNano } of rows)
          written.set(budgetId, (written.get(budgetId) ?? 0) + spentNano);
        return Promise.resolve();
      },
      spent: () => Promise.resolve([]),
    };
    const ledger = createLedger({ clock: calm, budgets, onFailure: () => expect.fail() });
    const table = tableOn(calm, { limitersMax: 1, ledger });
    const limits = [{ scope: "key", resource: "money", limit: 1, period: "total" }] as const;
    const prices = { m: { input: 0, output: 1000 }, free: { input: 0, output: 0 } };
    await using worker = await workerOf(table, calm, { limits: [...limits], prices });
    const nothing = { tokens: 0, nano: 0 };
    const first = await worker.call({ key: "a", maxTokens: 1 });
    expect(first.refusal).toBeUndefined();
    expect((await worker.call({ key: "b", maxTokens: 1 })).refusal?.code).toBe("LL_LIMIT_CAPACITY");
    first.x.lease?.settle(nothing);
    await settled(calm);
    // A call that costs nothing may still turn out to cost something.
    const free = await worker.call({ key: "a", model: "free" });
    expect(free.refusal).toBeUndefined();
    expect((await worker.call({ key: "b", maxTokens: 1 })).refusal?.code).toBe("LL_LIMIT_CAPACITY");
    free.x.lease?.settle(nothing);
    await settled(calm);
    const other = await worker.call({ key: "b", maxTokens: 1 });
    expect(other.refusal).toBeUndefined();
    other.x.lease?.settle({ tokens: 1, nano: 1_000_000 });
    await settled(calm);
    expect((await worker.call({ key: "a", maxTokens: 1 })).refusal?.code).toBe("LL_LIMIT_CAPACITY");
    await table.close();
    expect([...written.values()]).toEqual([0, 1_000_000]);
  });

  it("what a dead worker held is free at once, its money stays charged", async () => {
    const table = tableOn(clock);
    const limits = [
      { scope: "global", resource: "concurrency", limit: 2 },
      { scope: "global", resource: "money", limit: 0.003, period: "total" },
    ] as const;
    const prices = { m: { input: 0, output: 1000 } };
    const open = (owner: string) => workerOf(table, clock, { owner, limits: [...limits], prices });
    const dead = await open("dead");
    await using alive = await open("alive");
    for (let i = 0; i < 2; i++) expect((await dead.call({ maxTokens: 1 })).refusal).toBeUndefined();
    expect((await alive.call({ maxTokens: 1 })).refusal?.code).toBe("LL_LIMIT_CONCURRENCY");
    table.forget("dead");
    expect(table.leases).toBe(0);
    expect((await alive.call({ maxTokens: 1 })).refusal).toBeUndefined();
    expect((await alive.call({ maxTokens: 1 })).refusal?.code).toBe("LL_BUDGET_EXHAUSTED");
  });

  it("a budget is written before it is spent, and a next supervisor goes on from there", async () => {
    const rows = new Map<string, number>();
    const budgets = {
      add(added: readonly BudgetSpentRow[]) {
        for (const { budgetId, spentNano } of added)
          rows.set(budgetId, (rows.get(budgetId) ?? 0) + spentNano);
        return Promise.resolve();
      },
      spent: () =>
        Promise.resolve(
          [...rows].map(([budgetId, spentNano]) => ({
            budgetId,
            spentNano,
            period: "total",
            updatedAt: 0,
          })),
        ),
    };
    const limits = [{ scope: "global", resource: "money", limit: 0.01, period: "total" }] as const;
    const prices = { m: { input: 0, output: 1000 } };
    const open = (table: ScriptTable) => workerOf(table, clock, { limits: [...limits], prices });
    const ledgerOf = () => createLedger({ clock, budgets, onFailure: () => expect.fail() });
    const first = tableOn(clock, { ledger: ledgerOf() });
    await using worker = await open(first);
    for (let i = 0; i < 7; i++)
      expect((await worker.call({ maxTokens: 1 })).refusal).toBeUndefined();
    // It died: what was written ahead stays spent, and nothing is spent twice.
    const second = tableOn(clock, { ledger: ledgerOf() });
    await using next = await open(second);
    let admitted = 0;
    for (let i = 0; i < 10; i++) if (!(await next.call({ maxTokens: 1 })).refusal) admitted++;
    expect(admitted).toBe(3);
    await second.close();
    expect([...rows.values()]).toEqual([10_000_000]);
  });

  it("calls of one turn wait side by side for the budgets that are written for them", async () => {
    const calm = new TestClock();
    const { ledger, writes } = slowLedger(calm);
    const limits = [{ scope: "key", resource: "money", limit: 1, period: "total" }] as const;
    const prices = { m: { input: 0, output: 1000 } };
    const table = tableOn(calm, { ledger });
    await using worker = await workerOf(table, calm, { limits: [...limits], prices });
    const calls = Promise.all(["a", "b", "c"].map((key) => worker.call({ key, maxTokens: 1 })));
    for (let i = 0; i < 50; i++) await Promise.resolve();
    expect(writes).toHaveLength(3);
    for (const written of writes) written();
    expect((await calls).map(({ refusal }) => refusal)).toEqual(Array(3).fill(undefined));
    expect(table.leases).toBe(3);
  });

  it("a budget that is slow to be written holds its own call, and none of its turn", async () => {
    const calm = new TestClock();
    const { ledger, writes } = slowLedger(calm);
    const limits = [
      { scope: "model", match: "m", resource: "money", limit: 1, period: "total" },
      { scope: "key", resource: "concurrency", limit: 9 },
    ] as const;
    const prices = { m: { input: 0, output: 1000 } };
    const table = tableOn(calm, { ledger });
    await using worker = await workerOf(table, calm, { limits: [...limits], prices });
    const admitted: string[] = [];
    const ask = async (model: string): Promise<void> => {
      const { refusal } = await worker.call({ model, maxTokens: 1 });
      admitted.push(`${model} ${refusal?.code ?? "admitted"}`);
    };
    const calls = Promise.all(["free", "m", "free"].map(ask));
    for (let i = 0; i < 50; i++) await Promise.resolve();
    expect(admitted).toEqual(["free admitted", "free admitted"]);
    expect([writes.length, table.leases]).toEqual([1, 2]);
    for (const written of writes) written();
    await calls;
    expect(admitted.at(-1)).toBe("m admitted");
    expect(table.leases).toBe(3);
  });

  it.each(["was given back", "died with its worker"])(
    "a reservation that %s while its budget was written is not made afterwards",
    async (how) => {
      const calm = new TestClock();
      const { ledger, writes } = slowLedger(calm);
      const table = tableOn(calm, { ledger });
      const run = (name: "reserve" | "settle", list: readonly string[]): unknown =>
        table.run({ name, keys: ["leases", "seen", "{ll}:m:b", "{ll}:c:k"], list }, "one");
      const answer = run("reserve", ["m 0 1000 c 9 0\n", "0 id 1000000 7 2026-01-01\n"]);
      for (let i = 0; i < 50; i++) await Promise.resolve();
      expect(writes).toHaveLength(1);
      if (how === "was given back") expect(run("settle", ["id -7\n"])).toBe(0);
      else table.forget("one");
      for (const written of writes) written();
      expect(
        String(await answer)
          .split(" ")
          .slice(2),
      ).toEqual(["2"]);
      expect(table.leases).toBe(0);
      const next = run("reserve", ["m 0 1000 c 9 0\n", "0 other 1000000 7 2026-01-01\n"]);
      expect(
        String(await next)
          .split(" ")
          .slice(2),
      ).toEqual(["1", "-1", "0", "7", "1"]);
    },
  );

  it("a budget that cannot be read leaves its own call undecided, and no other of its turn", async () => {
    const calm = new TestClock();
    const budgets = {
      add: () => Promise.resolve(),
      spent: () => Promise.reject(new Error("away")),
    };
    const ledger = createLedger({ clock: calm, budgets, onFailure: () => undefined });
    const limits = [
      { scope: "model", match: "m", resource: "money", limit: 1, period: "total" },
      { scope: "key", resource: "concurrency", limit: 3 },
    ] as const;
    const prices = { m: { input: 0, output: 1000 } };
    const table = tableOn(calm, { ledger });
    await using worker = await workerOf(table, calm, { limits: [...limits], prices });
    const models = ["free", "m", "free"];
    const calls = await Promise.all(models.map((model) => worker.call({ model, maxTokens: 1 })));
    const isDegraded = calls.map(({ x }) => x.lease?.headers.includes("x-loadline-degraded"));
    expect(isDegraded).toEqual([false, true, false]);
    expect(worker.logged.at(-1)).toMatch(/^redis.fault: no decision on \{ll\}:m:/);
    expect(table.leases).toBe(2);
  });

  it("a lease lives on while its worker renews it, and ends when it does not", async () => {
    const table = tableOn(clock);
    const limits = [{ scope: "global", resource: "concurrency", limit: 1 }] as const;
    const redis = { url: "", leaseMs: 3000 };
    const open = (owner: string) =>
      workerOf(table, clock, { owner, limits: [...limits], leaseGraceMs: 60_000, redis });
    await using one = await open("one");
    await using two = await open("two");
    await one.call();
    for (let i = 0; i < 40; i++) {
      clock.advance(250);
      for (let j = 0; j < 20; j++) await Promise.resolve();
    }
    expect((await two.call()).refusal?.code).toBe("LL_LIMIT_CONCURRENCY");
    await one[Symbol.asyncDispose]();
    clock.advance(3001);
    for (let j = 0; j < 20; j++) await Promise.resolve();
    expect((await two.call()).refusal).toBeUndefined();
  });
});
