import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { systemRandom } from "@loadline/kit/random";
import { beforeEach, describe, expect, it } from "vitest";
import { sealDraft } from "./entry.ts";
import { type AuditLog, createAuditLog } from "./log.ts";
import { event, MemoryAudit } from "./memory-audit.fixture.ts";
import { createAuditMetrics } from "./metrics.ts";

let clock: TestClock;
let audit: MemoryAudit;
let metrics: ReturnType<typeof createMetrics>;
let logged: string[];

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

function open(onFull: "refuse" | "continue" = "refuse"): AuditLog {
  return createAuditLog({
    clock,
    random: systemRandom(),
    logger: createLogger({ clock, write: (text) => void logged.push(...text.trim().split("\n")) }),
    metrics: createAuditMetrics(metrics),
    append: (tenantId, drafts) => audit.append(tenantId, drafts, sealDraft),
    onFull,
  });
}

const advance = async (ms: number): Promise<void> => {
  clock.advance(ms);
  await settle();
};

beforeEach(() => {
  clock = new TestClock();
  audit = new MemoryAudit();
  metrics = createMetrics();
  logged = [];
});

describe("audit log", () => {
  it("commits that fail are told once a second at most, however often they are tried", async () => {
    const log = open();
    audit.failure = new Error("full");
    log.record(event());
    for (let ms = 0; ms < 5000; ms += 10) await advance(10);
    expect(audit.appends).toBeGreaterThan(8);
    await advance(100);
    const told = logged.filter((line) => line.includes("audit commit failed"));
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(told.length).toBeLessThanOrEqual(5);
  });

  it("events are committed together after 10 ms, in order, one chain per tenant", async () => {
    const log = open();
    for (let i = 0; i < 5; i++) log.record(event({ object: { type: "key", id: `k${i}` } }));
    log.record(event({ tenant: "other" }));
    await advance(9);
    expect(audit.appends).toBe(0);
    await advance(1);
    expect(audit.appends).toBe(2);
    expect(audit.rows.map((row) => [row.tenantId, row.seq, row.objectId])).toEqual([
      ["acme", 1, "k0"],
      ["acme", 2, "k1"],
      ["acme", 3, "k2"],
      ["acme", 4, "k3"],
      ["acme", 5, "k4"],
      ["other", 1, "k9"],
    ]);
    expect(metrics.render()).toContain('loadline_audit_entries_total{outcome="ok"} 6\n');
  });

  it("the 256th event starts a commit at once", async () => {
    const log = open();
    for (let i = 0; i < 256; i++) log.record(event());
    await advance(0);
    expect(audit.rows).toHaveLength(256);
  });

  it("a store that fails loses nothing: the events stay, in order, and are committed once", async () => {
    const log = open();
    audit.failure = new Error("away");
    for (let i = 0; i < 10; i++) log.record(event({ object: { type: "key", id: `k${i}` } }));
    await advance(10);
    expect([audit.rows.length, log.depth()]).toEqual([0, 10]);
    audit.failure = undefined;
    await advance(50);
    expect(audit.rows.map((row) => row.objectId)).toEqual(
      Array.from({ length: 10 }, (_, i) => `k${i}`),
    );
    expect(log.depth()).toBe(0);
    expect(metrics.render()).toContain("loadline_audit_commit_failures_total 1\n");
  });

  it("an append whose answer was lost is not repeated in the chain", async () => {
    const log = createAuditLog({
      clock,
      random: systemRandom(),
      logger: createLogger({ clock, write: () => undefined }),
      metrics: createAuditMetrics(metrics),
      async append(tenantId, drafts) {
        await audit.append(tenantId, drafts, sealDraft);
        if (audit.appends === 1) throw new Error("answer lost");
      },
      onFull: "refuse",
    });
    log.record(event());
    await advance(10);
    await advance(50);
    expect([audit.appends, audit.rows.length, log.depth()]).toEqual([2, 1, 0]);
  });

  it.each(["refuse", "continue"] as const)(
    "a store that refuses two commits in a row keeps nothing: onFull %s decides, until the first good one",
    async (onFull) => {
      const log = open(onFull);
      const isOpen = onFull === "continue";
      audit.failure = new Error("the disk is full");
      log.record(event());
      await advance(10);
      expect(log.isAccepting()).toBe(true);
      await advance(50);
      expect(log.isAccepting()).toBe(isOpen);
      await advance(1000);
      expect(log.isAccepting()).toBe(isOpen);
      audit.failure = undefined;
      await advance(1000);
      expect([log.isAccepting(), log.depth()]).toEqual([true, 0]);
    },
  );

  it.each(["refuse", "continue"] as const)(
    "with a dead store 10,000 events wait, further ones are counted as lost; onFull %s",
    async (onFull) => {
      const log = open(onFull);
      audit.failure = new Error("away");
      for (let i = 0; i < 9_999; i++) log.record(event());
      expect(log.isAccepting()).toBe(true);
      log.record(event());
      expect(log.isAccepting()).toBe(onFull === "continue");
      for (let i = 0; i < 7; i++) log.record(event());
      expect(log.depth()).toBe(10_000);
      expect(metrics.render()).toContain('loadline_queue_dropped_total{queue="audit"} 7\n');
      audit.failure = undefined;
      await advance(10);
      for (let i = 0; i < 50; i++) await advance(0);
      expect(log.isAccepting()).toBe(true);
    },
  );

  it("1,000 equal denials become two entries with an exact count within 10 s", async () => {
    const log = open();
    const denied = event({ action: "auth.denied", outcome: "denied", code: "LL_AUTH_INVALID" });
    for (let i = 0; i < 1000; i++) log.record(denied);
    log.record({ ...denied, code: "LL_AUTH_EXPIRED" });
    await advance(10);
    await advance(10_000);
    await advance(10);
    const entries = audit.rows.map((row) => JSON.parse(row.entry) as { detail: { count: number } });
    expect(entries.map((entry) => entry.detail.count)).toEqual([1, 1, 999]);
  });

  it("closing writes what was merged and what waits", async () => {
    const log = open();
    const denied = event({ action: "auth.denied", outcome: "denied", code: "LL_AUTH_INVALID" });
    for (let i = 0; i < 3; i++) log.record(denied);
    const closing = log.close(1000);
    await advance(0);
    await closing;
    expect(audit.rows).toHaveLength(2);
  });

  it("closing with a dead store ends in time and says how much was lost", async () => {
    const log = open();
    audit.failure = new Error("away");
    log.record(event());
    const closing = log.close(1000);
    await advance(1000);
    await closing;
    expect(metrics.render()).toContain('loadline_queue_dropped_total{queue="audit"} 1\n');
  });

  it("an admin act is in the chain when its transaction's write resolves", async () => {
    const log = open();
    await log.write(audit, event());
    expect(audit.rows.map((row) => row.action)).toEqual(["key.created"]);
  });

  it("no key, token or PEM text reaches the chain, and long texts are cut", async () => {
    const log = open();
    const key = `ll_local_${"a".repeat(12)}_${"b".repeat(43)}_${"c".repeat(6)}`;
    const detail = {
      note: `made ${key}`,
      upstream: "sk-abcdefghijklmnopqrstuvwxyz",
      header: "Bearer abc.def",
      clientSecret: "short",
      pem: "-----BEGIN PRIVATE KEY-----\nMIIE",
      long: "x".repeat(2000),
      bad: Number.NaN,
    };
    log.record(event({ detail, object: { type: "key", id: key } }));
    await advance(10);
    const text = audit.rows[0]?.entry ?? "";
    for (const secret of ["bbbb", "sk-abc", "abc.def", "short", "MIIE"])
      expect(text).not.toContain(secret);
    expect(text.length).toBeLessThan(1500);
    expect(text).toContain('"bad":null');
  });
});
