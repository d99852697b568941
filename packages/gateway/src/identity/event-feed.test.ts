import { TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gatewayErrors } from "../errors.ts";
import type { AuthEventRow } from "../state/rows.ts";
import { createEventFeed, type EventFeed, type FeedChange } from "./event-feed.ts";

let clock: TestClock;
let rows: AuthEventRow[];
let fault: Error | undefined;
let questions: number[];
let changes: FeedChange[];
let states: boolean[];
let faults: unknown[];
let feed: EventFeed;

const append = (kind: string, subjectId: string): void =>
  void rows.push({ seq: rows.length + 1, at: 0, kind, subjectId, tenantId: "default", detail: "" });
const down = (): Error => gatewayErrors.make("LL_STATE_UNAVAILABLE", "no answer");

/** Events kept in a list: what a store answers, and that it does not. */
const events = {
  async after(seq: number, max: number) {
    questions.push(seq);
    if (fault) throw fault;
    return rows.filter((row) => row.seq > seq).slice(0, max);
  },
  lastSeq: async () => rows.length,
};

function start(fromSeq = 0): EventFeed {
  return createEventFeed(
    {
      events,
      clock,
      onChange: (change) => void changes.push(change),
      onState: (isDown) => void states.push(isDown),
      onFault: (cause) => void faults.push(cause),
    },
    fromSeq,
  );
}

beforeEach(() => {
  clock = new TestClock();
  fault = undefined;
  [rows, questions, changes, states, faults] = [[], [], [], [], []];
  feed = start();
});
afterEach(() => feed.close());

describe("one look at the events", () => {
  it("sorts ids by what a kind is about, and names as ended what cannot go on", async () => {
    const kinds = ["key.created", "key.changed", "key.revoked", "user.enabled", "user.disabled"];
    const more = ["role.granted", "grant.removed", "tenant.changed", "tenant.disabled", "other.x"];
    for (const kind of [...kinds, ...more]) append(kind, kind);
    await feed.poll();
    expect(changes).toEqual([
      {
        keys: new Set(["key.created", "key.changed", "key.revoked"]),
        owners: new Set(["user.enabled", "user.disabled", "role.granted", "grant.removed"]),
        tenants: new Set(["tenant.changed", "tenant.disabled"]),
        hasNewlyGood: true,
        ended: {
          keys: new Set(["key.revoked"]),
          owners: new Set(["user.disabled"]),
          tenants: new Set(["tenant.disabled"]),
        },
      },
    ]);
  });

  it("says whether a key may be good that was refused, and nothing at all when nothing changed", async () => {
    const kinds = ["key.changed", "key.created", "user.enabled", "tenant.enabled", "user.disabled"];
    await feed.poll();
    for (const kind of kinds) {
      append(kind, "x");
      await feed.poll();
    }
    const said = changes.map(({ hasNewlyGood }) => hasNewlyGood);
    expect(said).toEqual([false, true, true, true, false]);
  });

  it("goes on until nothing is left: 2,500 revocations are all told by one look, each once", async () => {
    for (let i = 0; i < 2500; i++) append("key.revoked", `k${i}`);
    await feed.poll();
    expect(questions).toEqual([0, 1000, 2000]);
    expect(changes.map(({ keys }) => keys.size)).toEqual([1000, 1000, 500]);
    await feed.poll();
    expect(changes).toHaveLength(3);
  });

  it("starts behind the event it was told, and is one question for all who ask at once", async () => {
    append("key.revoked", "before");
    append("key.revoked", "after");
    feed.close();
    feed = start(1);
    await Promise.all([feed.poll(), feed.poll(), feed.poll()]);
    expect(questions).toEqual([1]);
    expect(changes.map(({ keys }) => [...keys])).toEqual([["after"]]);
  });
});

describe("a store that does not answer", () => {
  it("is down from the first question on, once; the feed goes on where it was", async () => {
    fault = down();
    await feed.poll();
    append("key.revoked", "meanwhile");
    await feed.poll();
    expect([feed.isDown, states, changes]).toEqual([true, [true], []]);
    fault = undefined;
    await feed.poll();
    expect([feed.isDown, states]).toEqual([false, [true, false]]);
    expect(changes.map(({ keys }) => [...keys])).toEqual([["meanwhile"]]);
    expect(faults).toEqual([]);
  });

  it("ages the last answer, and only an answer makes it young", async () => {
    clock.advance(100);
    await feed.poll();
    fault = down();
    clock.advance(4000);
    await feed.poll();
    expect([feed.lagSeconds(), feed.lastAnswerMs]).toEqual([4, clock.monotonicMs() - 4000]);
    fault = undefined;
    await feed.poll();
    expect(feed.lagSeconds()).toBe(0);
  });

  it("any other failure is told as well, and counts as no answer", async () => {
    fault = new TypeError("a defect");
    await feed.poll();
    expect([feed.isDown, faults]).toEqual([true, [fault]]);
  });
});

describe("by itself the feed", () => {
  it("looks each 250 ms, also after a failure, and no more once it is closed", async () => {
    const looks = async (count: number): Promise<void> =>
      expect.poll(() => questions.length).toBe(count);
    clock.advance(249);
    expect(questions).toHaveLength(0);
    fault = down();
    clock.advance(1);
    await looks(1);
    await expect.poll(() => states).toEqual([true]);
    fault = undefined;
    clock.advance(250);
    await looks(2);
    await expect.poll(() => states).toEqual([true, false]);
    feed.close();
    clock.advance(10_000);
    await feed.poll();
    expect(questions).toHaveLength(3);
  });

  it("tells of no failure that comes after its close", async () => {
    fault = new TypeError("the store is closed");
    const look = feed.poll();
    feed.close();
    await look;
    expect([states, faults]).toEqual([[], []]);
  });
});
