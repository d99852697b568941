import { monotonicUs, TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics, growingLabel } from "@loadline/kit/metrics";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../audit-log/events.ts";
import { configSchema } from "../config/schema.ts";
import type { AttemptRecord } from "../pipeline/exchange.ts";
import type { UsageBatch } from "../state/rows.ts";
import { recordsOf } from "../state/rows.fixture.ts";
import { exchangeOf } from "./limits.fixture.ts";
import { scriptLink } from "./script-link.ts";
import { type ScriptCall, ScriptTable } from "./script-table.ts";
import { type AccountingShared, checkLimits, createAccounting } from "./wire.ts";

const targets = { t: { provider: "simulator" } };
const routes = { r: { models: ["m"], groups: [{ targets: ["t"] }] } };
const configOf = (settings: object) => configSchema.parse({ targets, routes, ...settings });
const address = "192.0.2.7";

/** Accounting of one process, or with `shared` of one of several. */
function open(settings: object = {}, shared?: AccountingShared, clock = new TestClock()) {
  const batches: UsageBatch[] = [];
  const events: AuditEvent[] = [];
  const metrics = createMetrics();
  const accounting = createAccounting({
    clock,
    metrics,
    config: configOf(settings),
    random: seededRandom(1),
    logger: createLogger({ clock, write: () => undefined, level: "silent" }),
    models: growingLabel(["m"]),
    usage: { append: async (batch) => void batches.push(batch) },
    audit: { record: (event) => void events.push(event), isAccepting: () => true },
    shared,
  });
  return { accounting, clock, batches, metrics, events };
}

describe("prices", () => {
  it("of a new configuration count from then on, for what is settled and what is recorded", async () => {
    const budget = { scope: "key", resource: "money", limit: 1, period: "total" };
    const before = { limits: [budget], prices: { m: { input: 1, output: 1 } } };
    const { accounting, clock, batches } = open(before);
    const usage = { inputTokens: 100, outputTokens: 100 };
    const attempt: AttemptRecord = { target: "t", failure: "ok", status: 200, ms: 1, usage };
    const call = async (id: string): Promise<number> => {
      const x = exchangeOf({ maxTokens: 100 }, clock);
      x.id = id;
      expect(await accounting.limits.reserve(x)).toBe(undefined);
      x.attempts.push(attempt);
      let settled = 0;
      const { lease } = x;
      if (!lease) throw new Error("nothing was reserved");
      const settle = lease.settle.bind(lease);
      lease.settle = (actual) => {
        settled = actual?.nano ?? -1;
        settle(actual);
      };
      accounting.settle(x);
      accounting.meter(x, { reason: "ok", status: 200 });
      return settled;
    };
    expect(await call("one")).toBe(200_000);
    accounting.install(configOf({ ...before, prices: { m: { input: 10, output: 10 } } }));
    expect(await call("two")).toBe(2_000_000);
    await accounting.close();
    const rows = batches.flatMap((batch) => recordsOf(batch));
    expect(rows.map((row) => [row["id"], row["costNano"]])).toEqual([
      ["one/1", 200_000],
      ["two/1", 2_000_000],
    ]);
  });
});

describe("alerts of budgets", () => {
  it("of several workers come once each, into the log of the tenant that spends", async () => {
    const clock = new TestClock();
    const table = new ScriptTable({
      nowUs: () => clock.monotonicMs() * 1000,
      wallMs: () => clock.wallMs(),
    });
    const budget = { scope: "key", match: "pot", resource: "money", limit: 0.01, period: "total" };
    const settings = { limits: [budget], prices: { m: { input: 0, output: 1000 } } };
    const workers = ["one", "two"].map((owner) => {
      const ask = (call: ScriptCall) => Promise.resolve(table.run(call, owner));
      const openLink = scriptLink(ask, queueMicrotask);
      return open(settings, { openLink, onAddressFailed: () => undefined }, clock);
    });
    const turns = async (): Promise<void> => {
      clock.advance(0);
      for (let i = 0; i < 50; i++) await Promise.resolve();
    };
    await turns();
    for (let i = 0; i < 10; i++) {
      const caller = { key: `k${i}`, tenant: "acme", budgetId: "pot", maxTokens: 1 };
      const x = exchangeOf(caller, clock);
      x.id = `call${i}`;
      expect(await workers[i % 2]?.accounting.limits.reserve(x)).toBe(undefined);
    }
    await turns();
    const told = workers.flatMap(({ events }) => events);
    expect(told.map(({ action, tenant, detail }) => [action, tenant, detail?.["percent"]])).toEqual(
      expect.arrayContaining([50, 80, 100].map((percent) => ["budget.alert", "acme", percent])),
    );
    expect(told).toHaveLength(3);
  });
});

describe("addresses that fail", () => {
  const settings = { addressLimit: { failuresPerMinute: 3 } };

  it("wait in the process that saw them; one that is told of elsewhere waits here as well", () => {
    const { accounting } = open(settings);
    for (let i = 0; i < 3; i++) accounting.addresses.fail(address, 0);
    expect(accounting.addresses.waitUs(address, 0)).toBeGreaterThan(0);
    const other = open(settings).accounting;
    for (let i = 0; i < 3; i++) other.addressFailed(address);
    expect(other.addresses.waitUs(address, 0)).toBeGreaterThan(0);
    expect(other.addresses.waitUs("192.0.2.8", 0)).toBe(0);
  });

  it("are told to the other workers once each; what those tell is not told back", async () => {
    const told: string[] = [];
    const link = scriptLink(() => Promise.reject(new Error("no supervisor")));
    const shared = { openLink: link, onAddressFailed: (one: string) => void told.push(one) };
    const { accounting } = open(settings, shared);
    for (let i = 0; i < 3; i++) accounting.addresses.fail(address, 0);
    accounting.addressFailed("192.0.2.8");
    expect(told).toEqual([address, address, address]);
    expect(accounting.addresses.waitUs(address, 0)).toBeGreaterThan(0);
    await accounting.close();
  });

  it("are one count, and requests by address another, kept only where a limit is set", () => {
    expect(open(settings).accounting.addressRequests).toBe(undefined);
    const both = { addressLimit: { failuresPerMinute: 100, requestsPerMinute: 2 } };
    const { accounting } = open(both);
    for (let i = 0; i < 2; i++) accounting.addressRequests?.fail(address, 0);
    expect(accounting.addressRequests?.waitUs(address, 0)).toBeGreaterThan(0);
    expect(accounting.addresses.waitUs(address, 0)).toBe(0);
  });

  it("a refused one is counted", () => {
    const { accounting, metrics } = open();
    const before = metrics.render();
    accounting.onAddressRefused();
    const changed = metrics
      .render()
      .split("\n")
      .filter((line) => !before.includes(`${line}\n`));
    expect(changed).toEqual([expect.stringMatching(/^loadline_\w+_total.* 1$/)]);
  });
});

async function passOn(clock: TestClock, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 100) {
    clock.advance(100);
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }
}

describe("a supervisor that answers late", () => {
  it("is waited for, nothing is decided beside it: its budget is spent by others already", async () => {
    const late: (() => void)[] = [];
    const budget = { scope: "global", resource: "money", limit: 1, period: "total" };
    const prices = { m: { input: 0, output: 0, request: 1 } };
    const table = new ScriptTable({
      nowUs: () => monotonicUs(clock),
      wallMs: () => clock.wallMs(),
    });
    const ask = (call: ScriptCall): Promise<unknown> => {
      if (call.name !== "reserve") return Promise.resolve(table.run(call, "one"));
      return new Promise((resolve) => void late.push(() => resolve(table.run(call, "one"))));
    };
    const shared = { openLink: scriptLink(ask, queueMicrotask), onAddressFailed: () => undefined };
    const { accounting, clock } = open({ limits: [budget], prices }, shared);
    const pass = (ms: number): Promise<void> => passOn(clock, ms);
    await pass(100);
    expect(accounting.limits.status().mode).toBe("shared");
    const codes: (string | undefined)[] = [];
    for (const id of ["mine", "theirs"]) {
      const x = exchangeOf({ maxTokens: 1 }, clock);
      x.id = id;
      void Promise.resolve(accounting.limits.reserve(x)).then((refusal) => {
        codes.push(refusal === undefined ? undefined : refusal.code);
      });
    }
    await pass(4500);
    expect(codes).toEqual([]);
    for (const answer of late.toReversed()) answer();
    await pass(100);
    expect(codes.toSorted()).toEqual(["LL_BUDGET_EXHAUSTED", undefined]);
    await accounting.close();
  });

  it("is waited for at the end for a second, and what it has not taken then is counted", async () => {
    const limits = [{ scope: "global", resource: "money", limit: 1, period: "total" }];
    const prices = { m: { input: 0, output: 0, request: 1 } };
    const table = new ScriptTable({
      nowUs: () => monotonicUs(clock),
      wallMs: () => clock.wallMs(),
    });
    const ask = (call: ScriptCall): Promise<unknown> =>
      call.name === "settle"
        ? Promise.withResolvers<unknown>().promise
        : Promise.resolve(table.run(call, "one"));
    const shared = { openLink: scriptLink(ask, queueMicrotask), onAddressFailed: () => undefined };
    const { accounting, clock, metrics } = open({ limits, prices }, shared);
    await passOn(clock, 100);
    const x = exchangeOf({ maxTokens: 1 }, clock);
    expect(await accounting.limits.reserve(x)).toBe(undefined);
    accounting.settle(x);
    let isClosed = false;
    const closing = accounting.close().then(() => void (isClosed = true));
    await passOn(clock, 900);
    expect(isClosed).toBe(false);
    await passOn(clock, 200);
    expect(isClosed).toBe(true);
    await closing;
    expect(metrics.render()).toContain('loadline_queue_dropped_total{queue="settles"} 1\n');
    // Its own time limit comes to nothing.
    await passOn(clock, 10_000);
    expect(metrics.render()).toContain('loadline_queue_dropped_total{queue="settles"} 1\n');
  });
});

describe("limits that cannot be kept exactly", () => {
  it("are refused as a fault of the configuration", () => {
    const config = configOf({
      limits: [{ scope: "key", resource: "requests", limit: 1, period: "24h", burst: 1000 }],
    });
    expect(() => checkLimits(config)).not.toThrow();
    // 274 years until the burst is whole again; the schema refuses it, others may not.
    const limits = config.limits.map((limit) => ({ ...limit, burst: 100_000 }));
    expect(() => checkLimits({ ...config, limits })).toThrow(
      expect.objectContaining({ code: "LL_CONFIG_INVALID" }),
    );
  });
});
