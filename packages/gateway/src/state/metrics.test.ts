import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { createMetrics } from "@loadline/kit/metrics";
import { describe, expect, it } from "vitest";
import { storeMetrics } from "./metrics.ts";
import { openStore } from "./open-store.ts";

const inUse = (page: string): Record<string, number> =>
  Object.fromEntries(
    [...page.matchAll(/store_connections\{use="(\w+)"\} (\d+)/g)].map(([, use = "", n]) => [
      use,
      Number(n),
    ]),
  );

describe("series of the SQL store", () => {
  it("are there before it is opened, and afterwards tell each look as it is", () => {
    const metrics = createMetrics();
    const { read } = storeMetrics(metrics);
    const none = { size: 0, busy: 0, waiting: 0, min: 0, max: 0 };
    expect(inUse(metrics.render())).toEqual(none);
    let now = { size: 4, busy: 3, waiting: 2, min: 1, max: 10 };
    read(() => now);
    expect(inUse(metrics.render())).toEqual(now);
    now = { ...now, busy: 0, waiting: 0 };
    expect(inUse(metrics.render())).toEqual(now);
  });

  it("hold calls and waits in seconds, each in its own histogram", () => {
    const metrics = createMetrics();
    const times = storeMetrics(metrics);
    times.onCall(3);
    times.onCall(2000);
    times.onWait(30);
    const page = metrics.render();
    expect(page).toContain('loadline_store_call_seconds_bucket{le="0.002"} 0\n');
    expect(page).toContain('loadline_store_call_seconds_bucket{le="0.005"} 1\n');
    expect(page).toContain('loadline_store_call_seconds_bucket{le="+Inf"} 2\n');
    expect(page).toContain("loadline_store_call_seconds_sum 2.003\n");
    expect(page).toContain('loadline_store_wait_seconds_bucket{le="0.025"} 0\n');
    expect(page).toContain('loadline_store_wait_seconds_bucket{le="0.05"} 1\n');
    expect(page).toContain("loadline_store_wait_seconds_count 1\n");
  });

  it("count every call of a store that is open, those that failed too; SQLite waits for no pool", async () => {
    const dir = mkdtempSync(join(tmpdir(), "ll-store-metrics-"));
    const metrics = createMetrics();
    const times = storeMetrics(metrics);
    const clock = systemClock();
    const store = await openStore("sqlite:", { clock, dir, times });
    times.read(() => store.connections());
    await store.repositories.facts.set("a", "b");
    await store.repositories.facts.get("a");
    await store.transaction((r) => r.facts.get("a"));
    const wrong = store.transaction(() => Promise.reject(new Error("not today")));
    await expect(wrong).rejects.toThrow("not today");
    const page = metrics.render();
    expect(page).toContain("loadline_store_call_seconds_count 4\n");
    expect(page).toContain("loadline_store_wait_seconds_count 0\n");
    expect(inUse(page)).toMatchObject({ busy: 0, waiting: 0, min: 1, max: 3 });
    await store.close();
    await expect(store.repositories.facts.get("a")).rejects.toMatchObject({
      code: "LL_STATE_UNAVAILABLE",
    });
    expect(metrics.render()).toContain("loadline_store_call_seconds_count 4\n");
    rmSync(dir, { recursive: true, force: true });
  });
});
