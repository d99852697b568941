import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { systemRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { sealDraft } from "../audit-log/entry.ts";
import type { AuditEvent } from "../audit-log/events.ts";
import { createAuditLog } from "../audit-log/log.ts";
import { createAuditMetrics } from "../audit-log/metrics.ts";
import { compileLimits } from "../limits/dimension.ts";
import { limitsSection } from "../limits/config.ts";
import { type Bench, openBench } from "../limits/limits.fixture.ts";
import { ScriptTable } from "../limits/script-table.ts";
import { openSqliteStore } from "../state/sqlite/open.ts";
import type { Crossing } from "./alerts.ts";
import { budgetAlerts } from "./tell.ts";

const prices = { m: { input: 0, output: 1000 } };
const [tenth] = compileLimits(
  limitsSection.parse([{ scope: "key", resource: "money", limit: 0.01, period: "day" }]),
);

/** What reaches the audit log and the log. */
function recording(shared?: Parameters<typeof budgetAlerts>[0]["shared"]) {
  const events: AuditEvent[] = [];
  const lines: string[] = [];
  const logger = createLogger({ clock: new TestClock(), write: (text) => void lines.push(text) });
  const record = (event: AuditEvent): void => void events.push(event);
  const alerts = budgetAlerts({ logger, audit: { record, isAccepting: () => true }, shared });
  return { alerts, events, lines, flush: () => logger.flush() };
}

function crossing(o: Partial<Crossing> = {}): Crossing {
  if (!tenth) throw new TypeError("no limit");
  const base = { dim: tenth, name: "k", tenant: "acme", period: "1970-01-01", share: 0.5 };
  return { ...base, spentNano: 5_000_000, key: "{ll:acme}:m:k", ...o };
}

/** One process with these limits. */
const openTelling = (limits: Parameters<typeof openBench>[0]["limits"]): Bench =>
  openBench({ clock: new TestClock(), prices, limits });

const turns = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

describe("a budget's alert", () => {
  it("goes into the log and into the audit log of its tenant, with figures and no more", () => {
    const { alerts, events, lines, flush } = recording();
    alerts.onCrossed(crossing());
    flush();
    expect(events).toEqual([
      {
        tenant: "acme",
        actor: { id: "gateway", kind: "internal", via: "internal", credential: "" },
        action: "budget.alert",
        object: { type: "key", id: "k" },
        outcome: "ok",
        detail: { period: "1970-01-01", percent: 50, spentNano: 5_000_000, limitNano: 10_000_000 },
        once: expect.stringMatching(/^budget-[\w-]{43}$/),
      },
    ]);
    expect(lines.join("")).toContain('"event":"budget.alert","budget":"key/money","name":"k"');
  });

  it("belongs to the tenant of the key or budget; what tenants share belongs to the platform", async () => {
    const money = { resource: "money", limit: 0.01, period: "day" } as const;
    await using bench = openTelling([
      { ...money, scope: "key", match: ["pot", "a|b"] },
      { ...money, scope: "tenant" },
      { ...money, scope: "model" },
      { ...money, scope: "route" },
      { ...money, scope: "global" },
    ]);
    const told = async (caller: Parameters<Bench["call"]>[0]): Promise<string[]> => {
      const from = bench.told.length;
      expect((await bench.call({ ...caller, maxTokens: 5 })).refusal).toBeUndefined();
      return bench.told
        .slice(from)
        .map(({ dim, name, tenant }) => `${dim.scope} ${name} ${tenant}`);
    };
    const shared = ["model m *", "route r *", "global  *"];
    expect(await told({ tenant: "acme", budgetId: "pot" })).toEqual([
      "key budget:pot@acme acme",
      "tenant acme acme",
      ...shared,
    ]);
    expect(await told({ tenant: "default", key: "a|b", model: "m" })).toEqual([
      "key a|b default",
      "tenant default default",
      ...shared.flatMap((one) => [one, one]),
    ]);
  });

  it("of processes with one store is told by the one that is first there, once for each share and period", async () => {
    const clock = new TestClock();
    const table = new ScriptTable({ nowUs: () => clock.monotonicMs() * 1000, wallMs: () => 0 });
    const marks = new Set<string>();
    const isFirst = (mark: string): Promise<boolean> => {
      const said = table.run({ name: "mark", keys: [mark], list: ["day"] }, "w");
      marks.add(mark);
      return Promise.resolve(said === 1);
    };
    const processes = [recording({ isFirst }), recording({ isFirst }), recording({ isFirst })];
    const tellAll = async (o: Partial<Crossing>): Promise<number> => {
      for (const { alerts } of processes) alerts.onCrossed(crossing(o));
      await turns();
      return processes.flatMap(({ events }) => events.splice(0)).length;
    };
    expect(await tellAll({})).toBe(1);
    expect(await tellAll({})).toBe(0);
    expect(await tellAll({ share: 0.8 })).toBe(1);
    expect(await tellAll({ share: 0.8, period: "1970-01-02" })).toBe(1);
    expect(await tellAll({ key: "{ll:acme}:m:other" })).toBe(1);
    expect([...marks].every((mark) => mark.startsWith("{ll:acme}:m:"))).toBe(true);
    // Another figure is another budget.
    const dim = { ...crossing().dim, limit: 20_000_000 };
    expect([await tellAll({ dim }), await tellAll({ dim })]).toEqual([1, 0]);
  });

  it("that several processes tell stands once in the audit log they share, each share, period, budget and figure", async () => {
    const clock = new TestClock();
    const dir = mkdtempSync(join(tmpdir(), "ll-tell-"));
    await using store = openSqliteStore(join(dir, "x.db"), systemClock());
    const logger = createLogger({ clock, write: () => undefined });
    const { audit } = store.repositories;
    const [one, other] = Array.from({ length: 2 }, () => {
      const log = createAuditLog({
        clock,
        random: systemRandom(),
        logger,
        metrics: createAuditMetrics(createMetrics()),
        append: (tenant, drafts) => audit.append(tenant, drafts, sealDraft),
        onFull: "refuse",
      });
      return { log, alerts: budgetAlerts({ logger, audit: log }) };
    });
    if (!one || !other || !tenth) throw new TypeError("no process");
    const different = [
      {},
      { share: 0.8 },
      { period: "1970-01-02" },
      { name: "l" },
      { dim: { ...tenth, limit: 20_000_000 } },
      { dim: { ...tenth, key: "another" } },
    ];
    for (const { alerts } of [one, other, one])
      for (const o of different) alerts.onCrossed(crossing(o));
    const flushed = [one.log.flush(10_000), other.log.flush(10_000)];
    clock.advance(0);
    expect(await Promise.all(flushed)).toEqual([true, true]);
    expect(await audit.query({ tenantId: "acme" })).toHaveLength(different.length);
    await Promise.all([one.log.close(0), other.log.close(0)]);
  });

  it("is told all the same when the store does not say who is first", async () => {
    const { alerts, events } = recording({ isFirst: () => Promise.resolve(undefined) });
    alerts.onCrossed(crossing());
    await turns();
    expect(events).toHaveLength(1);
  });
});
