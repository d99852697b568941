import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics, type Metrics } from "@loadline/kit/metrics";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../testkit/src/eventually.ts";
import { gatewayErrors } from "../errors.ts";
import { openRecords, type Records } from "./records.ts";
import { aBatch, aDraft, aUsage, seal } from "./rows.fixture.ts";
import { openSqliteStore } from "./sqlite/open.ts";
import type { Store, StoreHealth } from "./store.ts";

const clock = systemClock();
let dir: string;
let real: Store;
let metrics: Metrics;
let records: Records;
let isAway: boolean;
let tell: (() => void)[];

/** The real store, as one over the network that can be away. */
function remote(): Store {
  const { usage, audit } = real.repositories;
  const guard = <T>(run: () => Promise<T>): Promise<T> =>
    isAway ? Promise.reject(gatewayErrors.make("LL_STATE_UNAVAILABLE")) : run();
  const health = (): StoreHealth => ({ state: isAway ? "down" : "ok", sinceMs: 0, latencyMs: 0 });
  return {
    ...real,
    kind: "postgres",
    health,
    onHealth: (run) => void tell.push(() => run(health())),
    repositories: {
      ...real.repositories,
      usage: { ...usage, append: (batch) => guard(() => usage.append(batch)) },
      audit: { ...audit, append: (t, drafts, s) => guard(() => audit.append(t, drafts, s)) },
    },
  };
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ll-records-"));
  real = openSqliteStore(join(dir, "loadline.db"), clock);
  metrics = createMetrics();
  isAway = false;
  tell = [];
  const logger = createLogger({ clock, write: () => undefined, level: "silent" });
  records = await openRecords(remote(), { clock, logger, metrics, dir, seal });
});
afterEach(async () => {
  await records.close();
  await real.close();
  rmSync(dir, { recursive: true, force: true });
});

const back = (): void => {
  isAway = false;
  for (const run of tell) run();
};
const spooled = (name: string): number => {
  const line = metrics
    .render()
    .match(new RegExp(`^loadline_spool_bytes.spool="${name}". (.*)$`, "m"));
  return Number(line?.[1]);
};

describe("records on their way to PostgreSQL", () => {
  it("usage of an outage is counted once, with what came before and after", async () => {
    const first = aBatch(aUsage("1"));
    await records.usage.append(first);
    isAway = true;
    await records.usage.append(first);
    await records.usage.append(aBatch(aUsage("2")));
    await records.usage.append(aBatch(aUsage("3")));
    expect(spooled("usage")).toBeGreaterThan(0);
    back();
    await eventually(clock, () => spooled("usage") === 0, 10_000);
    await records.usage.append(aBatch(aUsage("4")));
    expect((await real.repositories.usage.sums([]))[0]?.requests).toBe(4);
  });

  it("events of an outage keep their order in each chain", async () => {
    await records.audit.append("t1", [aDraft("a")], seal);
    isAway = true;
    await records.audit.append("t1", [aDraft("a"), aDraft("b")], seal);
    await records.audit.append("t2", [aDraft("x")], seal);
    await records.audit.append("t1", [aDraft("c")], seal);
    expect((await real.repositories.audit.head("t1")).seq).toBe(1);
    back();
    await eventually(clock, () => spooled("audit") === 0, 10_000);
    const chain = async (tenantId: string): Promise<string[]> =>
      (await real.repositories.audit.query({ tenantId })).map((row) => row.eventId);
    expect(await chain("t1")).toEqual(["a", "b", "c"]);
    expect(await chain("t2")).toEqual(["x"]);
  });

  it("no file is made while the store is there, and none with SQLite", async () => {
    await records.usage.append(aBatch(aUsage("1")));
    expect(spooled("usage")).toBe(0);
    const logger = createLogger({ clock, write: () => undefined, level: "silent" });
    const own = { clock, logger, metrics: createMetrics(), dir, seal };
    const direct = await openRecords(real, own);
    expect(direct.audit).toBe(real.repositories.audit);
    expect(await direct.usage.append(aBatch(aUsage("1")))).toBe(false);
    await direct.close();
  });
});
