import { TestClock } from "@loadline/kit/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limitsSection } from "./config.ts";
import { compileLimits } from "./dimension.ts";
import { plainAsk } from "./estimate.ts";
import { exchangeOf } from "./limits.fixture.ts";
import { LocalStore } from "./local-store.ts";
import { createPlanner, type Plan } from "./plan.ts";

const clock = new TestClock();
const secondUs = 1_000_000;
const at = (nowUs: number): { nowUs: number; wallMs: number } => ({ nowUs, wallMs: 0 });

interface Replica {
  readonly store: LocalStore;
  readonly plan: Plan;
}

function replicaOf(limits: unknown): Replica {
  const store = new LocalStore(100);
  const dims = compileLimits(limitsSection.parse(limits));
  const plan = createPlanner({ caps: [], limits: dims }).of(exchangeOf({}, clock));
  plan.bind(store.table, 0, 0);
  return { store, plan };
}

/** One call by this process alone: whether it was admitted. */
function take({ store, plan }: Replica, nowUs: number): boolean {
  if (store.check(plan, plainAsk, plan.all, at(nowUs))) return false;
  store.take(plan, { ask: plainAsk, range: plan.all, times: at(nowUs), marks: undefined });
  return true;
}

const requests = (limit: number, burst: number): unknown => [
  { scope: "key", resource: "requests", limit, period: "1s", burst },
];

/** Calls as gaps in us and the replica they go to; the shared store is lost after `healthy`. */
const outages = fc.record({
  replicas: fc.integer({ min: 1, max: 5 }),
  limit: fc.integer({ min: 1, max: 200 }),
  burst: fc.integer({ min: 5, max: 60 }),
  healthy: fc.array(fc.tuple(fc.integer({ min: 0, max: 60_000 }), fc.nat(99)), { maxLength: 80 }),
  away: fc.array(fc.tuple(fc.integer({ min: 0, max: 60_000 }), fc.nat(99)), { maxLength: 200 }),
});

describe("a share of each limit while the shared store is away", () => {
  it("all replicas together never admit more than the law, whoever called before", () => {
    fc.assert(
      fc.property(outages, ({ replicas, limit, burst, healthy, away }) => {
        const shared = replicaOf(requests(limit, burst));
        const all = Array.from({ length: replicas }, () => replicaOf(requests(limit, burst)));
        let nowUs = secondUs;
        let admitted = 0;
        for (const [gapUs, who] of healthy) {
          nowUs += gapUs;
          if (take(shared, nowUs)) admitted++;
          const bucket = all[who % replicas]?.plan.buckets[0];
          if (!bucket) continue;
          bucket.wholeUs = shared.plan.buckets[0]?.tatUs ?? 0;
          bucket.seenUs = nowUs;
        }
        for (const { store } of all) store.degrade(replicas, nowUs, "none");
        for (const [gapUs, who] of away) {
          nowUs += gapUs;
          const replica = all[who % replicas];
          if (replica && take(replica, nowUs)) admitted++;
        }
        const law = burst + (limit * (nowUs - secondUs)) / secondUs;
        expect(admitted).toBeLessThanOrEqual(law + 1e-6);
      }),
      { numRuns: 300 },
    );
  });

  it("a replica that never saw the store takes the share it was given, from its burst on", () => {
    const replica = replicaOf(requests(80, 80));
    replica.store.degrade(8, secondUs, "all");
    let admitted = 0;
    for (let i = 0; i < 100; i++) if (take(replica, secondUs)) admitted++;
    expect(admitted).toBe(10);
    for (let i = 0; i < 1000; i++) if (take(replica, secondUs + i * 1000)) admitted++;
    expect(admitted).toBeLessThanOrEqual(20);
  });

  it("a share smaller than one call admits one call at a time, never none for ever", () => {
    const replica = replicaOf(requests(1, 1));
    replica.store.degrade(4, secondUs, "all");
    expect(take(replica, secondUs)).toBe(true);
    expect(take(replica, 4 * secondUs)).toBe(false);
    expect(take(replica, 5 * secondUs)).toBe(true);
  });

  it("a limiter that others may have used begins with nothing left of its burst", () => {
    const replica = replicaOf(requests(10, 10));
    replica.store.degrade(2, 10 * secondUs, "recent");
    expect(take(replica, 10 * secondUs)).toBe(false);
    expect(take(replica, 10 * secondUs + 200_000)).toBe(true);
  });

  it("after one unanswered call a limiter seen just now goes on with its part of the rest", () => {
    const replica = replicaOf(requests(10, 10));
    const bucket = replica.plan.buckets[0];
    if (!bucket) throw new Error("no limiter");
    bucket.seenUs = 10 * secondUs - 100;
    bucket.wholeUs = 10 * secondUs + 600_000;
    replica.store.degrade(2, 10 * secondUs, "recent");
    const admitted = [1, 2, 3].map(() => take(replica, 10 * secondUs));
    expect(admitted).toEqual([true, true, false]);
    replica.store.restore();
    expect([1, 2, 3].map(() => take(replica, 10 * secondUs))).toEqual([true, true, false]);
  });

  it("money is shared by what was left of it, and slots by their number", () => {
    const money = replicaOf([{ scope: "key", resource: "money", limit: 0.01, period: "total" }]);
    const bucket = money.plan.buckets[0];
    if (!bucket) throw new Error("no limiter");
    bucket.windowEndMs = Number.POSITIVE_INFINITY;
    bucket.spentNano = 4_000_000;
    money.store.degrade(3, secondUs, "none");
    const ask = { ...plainAsk, nano: 1_000_000 };
    const admits = (): boolean => {
      const { store, plan } = money;
      if (store.check(plan, ask, plan.all, at(secondUs))) return false;
      store.take(plan, { ask, range: plan.all, times: at(secondUs), marks: undefined });
      return true;
    };
    expect([admits(), admits(), admits()]).toEqual([true, true, false]);
    const slots = replicaOf([{ scope: "key", resource: "concurrency", limit: 5 }]);
    slots.store.degrade(2, secondUs, "none");
    expect([1, 2, 3].map(() => take(slots, secondUs))).toEqual([true, true, false]);
    slots.store.restore();
    expect(take(slots, secondUs)).toBe(true);
  });
});
