import { systemClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditEvent } from "../../packages/gateway/src/audit-log/events.ts";
import { budgetAlerts } from "../../packages/gateway/src/budgets/tell.ts";
import {
  type Bench,
  type BenchOptions,
  openBench,
} from "../../packages/gateway/src/limits/limits.fixture.ts";
import { OpenLease } from "../../packages/gateway/src/limits/open-lease.ts";
import {
  askedOfLaws,
  type LawName,
  laws,
} from "../../packages/gateway/src/limits/redis-reserves.fixture.ts";
import { Answer, type Asked, callOf } from "../../packages/gateway/src/limits/redis-reserves.ts";
import {
  reserveScript,
  restoreScript,
  settleScript,
} from "../../packages/gateway/src/limits/redis-scripts.ts";
import { ScriptTable } from "../../packages/gateway/src/limits/script-table.ts";
import type {
  SharedDecision,
  SharedReservation,
  SharedStore,
} from "../../packages/gateway/src/limits/shared-store.ts";
import { describeLimits } from "../../packages/gateway/src/limits/limits.suite.fixture.ts";
import { eventually } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningRedis, startRedis } from "../../packages/testkit/src/redis/index.ts";

const parts = await requireParts(["redis"], { rows: ["R0-04"] });
const clock = systemClock();
const readyMs = 20_000;

describe.skipIf(parts.missing)("limits in a real Redis", () => {
  let redis: RunningRedis;
  let used = 0;
  beforeAll(async () => void (redis = await startRedis(parts.found("redis").path, { clock })));
  afterAll(() => redis[Symbol.asyncDispose]());

  /** A replica on a database of its own, so that no test sees another's limiters. */
  const open = async (o: Omit<BenchOptions, "clock">): Promise<Bench> => {
    const url = o.redis?.url ?? `${redis.url}/${used++}`;
    const bench = openBench({ ...o, clock, redis: { ...o.redis, url } });
    await eventually(clock, () => bench.limits.status().mode === "shared", readyMs);
    return bench;
  };

  describeLimits({ clock, open, pass: (ms) => clock.sleep(ms) });

  it("two replicas admit together exactly what one would", async () => {
    const limits = [
      { scope: "key", resource: "requests", limit: 60, period: "1h", burst: 40 },
      { scope: "global", resource: "money", limit: 0.03, period: "total" },
    ] as const;
    const prices = { m: { input: 0, output: 1000 } };
    const url = `${redis.url}/15`;
    await using one = await open({ limits: [...limits], prices, redis: { url, replica: "one" } });
    await using two = await open({ limits: [...limits], prices, redis: { url, replica: "two" } });
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? one : two).call({ maxTokens: 1 })),
    );
    expect(all.filter(({ refusal }) => !refusal)).toHaveLength(30);
  });

  it("two replicas that take parts beforehand are never over the law, and miss at most what each holds", async () => {
    const limits = [{ scope: "key", resource: "requests", limit: 60, period: "1h", burst: 2000 }];
    const url = `${redis.url}/11`;
    const o = { limits: limits as BenchOptions["limits"] };
    const of = (replica: string) => open({ ...o, redis: { url, replica, takesAhead: true } });
    await using one = await of("one");
    await using two = await of("two");
    let admitted = 0;
    let ahead = 0;
    for (let round = 0; round < 60; round++) {
      const all = await Promise.all(
        Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? one : two).call()),
      );
      for (const { x, refusal } of all) {
        if (!refusal) admitted++;
        if (x.lease instanceof OpenLease && x.lease.keeper === "ahead") ahead++;
        x.lease?.settle(undefined);
      }
    }
    expect(ahead).toBeGreaterThan(100);
    expect(admitted).toBeLessThanOrEqual(2000);
    expect(admitted).toBeGreaterThanOrEqual(2000 - 2 * 10);
  });

  it("of two replicas one tells of each share that a budget crosses, whoever crosses it", async () => {
    const url = `${redis.url}/${used++}`;
    const limits = ["day", "total"].map((period) => ({
      scope: "key" as const,
      resource: "money" as const,
      limit: 0.01,
      period: period as "day" | "total",
    }));
    const prices = { m: { input: 0, output: 1000 } };
    const of = (replica: string) => open({ limits, prices, redis: { url, replica } });
    await using one = await of("one");
    await using two = await of("two");
    const told: string[] = [];
    const record = (event: AuditEvent): void =>
      void told.push(`${event.tenant} ${event.detail?.["period"]} ${event.detail?.["percent"]}`);
    const audit = { record, isAccepting: () => true };
    const logger = createLogger({ clock, write: () => undefined, level: "silent" });
    for (let i = 0; i < 10; i++)
      for (const bench of [one, two]) {
        const { x } = await bench.call({ tenant: "acme", key: "k", maxTokens: 1 });
        x.lease?.settle(undefined);
      }
    // Both have seen the first shares crossed, and the store knows who was there first.
    for (const bench of [one, two]) {
      expect(bench.alerts).toEqual(expect.arrayContaining([50, 80]));
      const alerts = budgetAlerts({ logger, audit, shared: bench.shared });
      for (const crossing of bench.told) alerts.onCrossed(crossing);
    }
    await eventually(clock, () => told.length >= 6, readyMs);
    // One connection keeps the order: what was asked before is answered.
    for (const bench of [one, two]) await bench.shared?.isFirst("last", "total");
    const periods = [...new Set(two.told.map(({ period }) => period))];
    const each = periods.flatMap((period) => [50, 80, 100].map((one) => `acme ${period} ${one}`));
    expect(told.toSorted()).toEqual(each.toSorted());
    // A mark goes with its budget: that of a day after it, that of a total never.
    const client = new Redis(url);
    const left: number[] = [];
    for (const key of await client.keys("*:told:*")) left.push(await client.pttl(key));
    client.disconnect();
    expect(left.filter((ms) => ms === -1)).toHaveLength(3);
    expect(left.filter((ms) => ms > 32 * 86_400_000)).toHaveLength(3);
  });

  it("one call for many answers what single calls in that order do, and what the supervisor's table does", async () => {
    const together = new Redis(`${redis.url}/14`);
    const alone = new Redis(`${redis.url}/13`);
    let count = 0;
    let refusedAmid = 0;
    await fc.assert(
      fc.asyncProperty(turns, async (some) => {
        await Promise.all([together.flushdb(), alone.flushdb()]);
        const table = new ScriptTable({ nowUs: () => 1e15, wallMs: () => 0 });
        const byTable: Ask = (keys, list) => table.run({ name: "reserve", keys, list }, "one");
        for (const turn of some) {
          const asked = turn.map((one) => askedOfLaws({ ...one, id: `id${count++}` }));
          const answers = await decide(asked, (keys, list) => reserveIn(together, keys, list));
          const singly: (readonly number[])[] = [];
          for (const one of asked)
            singly.push(...(await decide([one], (keys, list) => reserveIn(alone, keys, list))));
          expect(answers).toEqual(singly);
          expect(answers).toEqual(await decide(asked, byTable));
          const last = answers.findLastIndex(([admitted]) => admitted === 1);
          if (answers.slice(0, last).some(([admitted]) => admitted === 0)) refusedAmid++;
        }
        expect(await together.zcard("{ll}:leases")).toBe(await alone.zcard("{ll}:leases"));
      }),
      { numRuns: 30, seed: 7 },
    );
    await Promise.all([together.flushdb(), alone.flushdb()]);
    for (const client of [together, alone]) client.disconnect();
    expect(refusedAmid).toBeGreaterThan(5);
  });

  it("a key that holds something else leaves its own call undecided, and no other of its turn", async () => {
    const client = new Redis(`${redis.url}/14`);
    await client.flushdb();
    await client.set("{ll}:m:money", "no budget");
    const asked = (["requests", "money", "slots"] as const).map((law) =>
      askedOfLaws({ id: law, laws: [law], tokens: 1 }),
    );
    const answers = await decide(asked, (keys, list) => reserveIn(client, keys, list));
    expect(answers.map(([admitted]) => admitted)).toEqual([1, -1, 1]);
    await client.flushdb();
    client.disconnect();
  });

  it("calls that come in together and lose their connection leave nothing held", async () => {
    const url = `${redis.url}/13`;
    await using bench = await open({
      limits: [{ scope: "global", resource: "concurrency", limit: 8 }],
      redis: { url, timeoutMs: 5000 },
    });
    redis.freeze();
    const calls = Array.from({ length: 6 }, () => bench.call());
    // Sent by the end of this turn; whether it is done before the connection ends is nobody's to know.
    await clock.sleep(20);
    redis.thaw();
    await redis.command("CLIENT KILL TYPE normal SKIPME yes");
    for (const { x, refusal } of await Promise.all(calls)) {
      expect(refusal).toBeUndefined();
      x.lease?.settle({ tokens: 0, nano: 0 });
    }
    const read = new Redis(url);
    const slotsKey = `{ll}:c:${encodeURIComponent("global:concurrency::*|")}`;
    const held = async (): Promise<unknown> => [
      await read.zcard("{ll}:leases"),
      Number(await read.get(slotsKey)),
    ];
    await eventually(clock, () => bench.limits.status().mode === "shared", readyMs);
    await eventually(clock, async () => JSON.stringify(await held()) === "[0,0]", readyMs);
    await read.quit();
  });

  it("a script that Redis has forgotten is sent again", async () => {
    await using bench = await open({
      limits: [{ scope: "key", resource: "requests", limit: 60, period: "1h", burst: 2 }],
    });
    expect((await bench.call()).refusal).toBeUndefined();
    await redis.command("SCRIPT FLUSH SYNC");
    expect((await bench.call()).refusal).toBeUndefined();
    expect(bench.limits.status().mode).toBe("shared");
    expect((await bench.call()).refusal?.code).toBe("LL_LIMIT_REQUESTS");
  });

  it("what two replicas admitted alone adds up where Redis knows nothing, though the first is over by then", async () => {
    const client = new Redis(`${redis.url}/14`);
    const [seconds = "0"] = await client.time();
    const nowUs = Number(seconds) * 1_000_000;
    const toldUs = nowUs - 2_600_000;
    // Each admitted for 1.8 s of the limit since it was told: the first alone would be over.
    const restore = (): Promise<unknown> =>
      client.eval(restoreScript, 1, "tat", "r", -toldUs, 1_800_000, 0);
    await restore();
    await restore();
    const tatUs = Number(await client.get("tat"));
    client.disconnect();
    expect(tatUs).toBe(toldUs + 3_600_000);
  });

  it("what was spent of a day or month outlives the period, and not for ever; a total does", async () => {
    const url = `${redis.url}/14`;
    const money = { scope: "key", resource: "money", limit: 1 } as const;
    await using bench = await open({
      limits: (["day", "month", "total"] as const).map((period) => ({ ...money, period })),
      prices: { m: { input: 0, output: 1000 } },
      redis: { url },
    });
    expect((await bench.call({ maxTokens: 1 })).refusal).toBeUndefined();
    const read = new Redis(url);
    const leftDays = async (period: string): Promise<number> => {
      const [key = ""] = await read.keys(`*:m:*${period}*`);
      expect(await read.hget(key, "s")).toBe("1000000");
      return (await read.pttl(key)) / 86_400_000;
    };
    for (const period of ["day", "month"]) {
      const left = await leftDays(period);
      expect([period, left > 31, left <= 40]).toEqual([period, true, true]);
    }
    expect(await leftDays("total")).toBeLessThan(0);
    await read.quit();
  });

  it("a settle that comes twice gives back once", async () => {
    expect(await admittedAfterSettlingTwice(await open(twice))).toBe(1);
  });

  it("a call that a frozen Redis left unanswered is decided here, and counted there once", async () => {
    await using bench = await open({
      limits: [{ scope: "global", resource: "money", limit: 0.01, period: "total" }],
      prices: { m: { input: 0, output: 1000 } },
      redis: { url: `${redis.url}/12`, timeoutMs: 500 },
    });
    const spent = async (): Promise<number> => {
      const name = encodeURIComponent("global:money:total:*|");
      const read = new Redis(`${redis.url}/12`);
      const value = await read.hget(`{ll}:m:${name}`, "s");
      await read.quit();
      return Number(value);
    };
    const first = await bench.call({ maxTokens: 1 });
    first.x.lease?.settle({ tokens: 1, nano: 1_000_000 });
    redis.freeze();
    const second = await bench.call({ maxTokens: 1 });
    expect(second.refusal).toBeUndefined();
    expect(second.x.lease?.headers).toContain("x-loadline-degraded");
    redis.thaw();
    await eventually(clock, () => bench.limits.status().mode === "shared", readyMs);
    await eventually(clock, async () => (await spent()) === 2_000_000, readyMs);
    second.x.lease?.settle({ tokens: 1, nano: 1_000_000 });
    await clock.sleep(100);
    expect(await spent()).toBe(2_000_000);
  });

  describe("saboteurs are noticed", () => {
    it("settle twice: without the record's end a second settle gives back again", async () => {
      const settleText = settleScript.replace("redis.call('DEL', key)\n  local n", "local n");
      expect(settleText).not.toBe(settleScript);
      const sabotaged = { ...twice, redis: { url: `${redis.url}/${used++}`, settleText } };
      expect(await admittedAfterSettlingTwice(await open(sabotaged))).toBe(2);
    });

    it("check-then-add: 50 callers on two replicas get more than the limit", async () => {
      const url = `${redis.url}/14`;
      const shared = (): CheckThenAdd => new CheckThenAdd(url, 10);
      const [one, two] = [shared(), shared()].map((store) =>
        openBench({ ...shareOf10, clock, shared: store }),
      );
      expect(await admittedTogether([one, two])).toBeGreaterThan(10);
    });

    it("limiter per process: two replicas without the store get twice the limit", async () => {
      const [one, two] = [openBench({ ...shareOf10, clock }), openBench({ ...shareOf10, clock })];
      expect(await admittedTogether([one, two])).toBe(20);
    });

    it("and the real store admits exactly the limit to the same callers", async () => {
      const url = `${redis.url}/13`;
      const one = await open({ ...shareOf10, redis: { url, replica: "one" } });
      const two = await open({ ...shareOf10, redis: { url, replica: "two" } });
      expect(await admittedTogether([one, two])).toBe(10);
    });
  });
});

const asking = fc.record({
  laws: fc.uniqueArray(fc.constantFrom(...(Object.keys(laws) as LawName[])), { minLength: 1 }),
  tokens: fc.integer({ min: 0, max: 40 }),
});
const turns = fc.array(fc.array(asking, { maxLength: 12 }), { maxLength: 5 });

type Ask = (keys: readonly string[], list: readonly string[]) => unknown;

const reserveIn = (client: Redis, keys: readonly string[], list: readonly string[]) =>
  client.eval(reserveScript, keys.length, ...keys, ...list);

/** Of each reservation: admitted, position refused; slots and money, which no time changes. */
async function decide(asked: readonly Asked[], ask: Ask): Promise<(readonly number[])[]> {
  if (asked.length === 0) return [];
  const { keys, list } = callOf(asked);
  const answer = new Answer(String(await ask(keys.flat(), list)));
  return asked.map(({ part }) => {
    const [admitted = -1, , refused = -1, , , ...states] = answer.next(part.at.length) ?? [];
    return [admitted, refused, ...states.filter((_, i) => /:[cm]:/.test(part.keys[i] ?? ""))];
  });
}

const shareOf10: Omit<BenchOptions, "clock"> = {
  limits: [{ scope: "key", resource: "requests", limit: 10, period: "1h", burst: 10 }],
};
const twice: Omit<BenchOptions, "clock"> = {
  limits: [{ scope: "key", resource: "concurrency", limit: 2 }],
};

/** How many of 50 callers at once, in turn on both replicas, are admitted. */
async function admittedTogether(benches: readonly (Bench | undefined)[]): Promise<number> {
  const all = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => benches[i % 2]?.call({ maxTokens: 1 })),
  );
  for (const bench of benches) await bench?.[Symbol.asyncDispose]();
  return all.filter((one) => one && !one.refusal).length;
}

/** Two of two slots are taken, one call settles twice: how many of two more are admitted. */
async function admittedAfterSettlingTwice(bench: Bench): Promise<number> {
  await using closed = bench;
  const { x } = await closed.call();
  await closed.call();
  const lease = x.lease;
  if (!(lease instanceof OpenLease)) throw new Error("no lease");
  lease.settle({ tokens: 0, nano: 0 });
  closed.shared?.settle(lease, { tokens: 0, nano: 0 });
  await clock.sleep(100);
  const more = [await closed.call(), await closed.call()];
  return more.filter(({ refusal }) => !refusal).length;
}

/** A store that reads, decides and then writes, as a limiter without a script would. */
class CheckThenAdd implements SharedStore {
  readonly isUp = true;
  readonly #redis: Redis;
  readonly #limit: number;

  constructor(url: string, limit: number) {
    this.#redis = new Redis(url);
    this.#limit = limit;
  }

  take(): boolean {
    return false;
  }

  async reserve({ plan }: SharedReservation): Promise<SharedDecision> {
    const key = plan.ids.at(-1) ?? "";
    const count = Number((await this.#redis.get(key)) ?? 0);
    if (count >= this.#limit) {
      const index = plan.shared.from;
      const restNano = Number.POSITIVE_INFINITY;
      return { denial: { index, waitUs: 1000, isTooLarge: false, restNano } };
    }
    await this.#redis.set(key, count + 1);
    return { denial: undefined };
  }

  settle(): void {
    // Requests are not given back.
  }

  isFirst(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async close(): Promise<void> {
    await this.#redis.quit();
  }
}
