import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Bench,
  type BenchOptions,
  openBench,
} from "../../packages/gateway/src/limits/limits.fixture.ts";
import { describeLimits } from "../../packages/gateway/src/limits/limits.suite.fixture.ts";
import { eventually } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { topologies, type Topology } from "./limits-topologies/topology.ts";

const clock = systemClock();
const readyMs = 30_000;

for (const name of ["valkey", "sentinel", "cluster"] as const) {
  const { part, start } = topologies[name];
  const parts = await requireParts([part], { rows: ["R0-04"] });

  describe.skipIf(parts.missing)(`limits in ${name}`, () => {
    let topology: Topology;
    beforeAll(async () => void (topology = await start(parts.found(part).path, clock)), 240_000);
    afterAll(() => topology[Symbol.asyncDispose]());

    async function connect(o: Omit<BenchOptions, "clock">): Promise<Bench> {
      const bench = openBench({ ...o, clock, redis: { url: topology.store, ...o.redis } });
      await eventually(clock, () => bench.limits.status().mode === "shared", readyMs);
      return bench;
    }

    const open = async (o: Omit<BenchOptions, "clock">): Promise<Bench> => {
      await topology.flush();
      return connect(o);
    };

    describeLimits({ clock, open, pass: (ms) => clock.sleep(ms) });

    it("a link that is closed at any moment leaves nothing that keeps its process", async () => {
      const script = join(import.meta.dirname, "limits-topologies/close-links-child.ts");
      const child = spawn(process.execPath, [script, JSON.stringify(topology.store)]);
      const giveUp = clock.after(readyMs, () => child.kill("SIGKILL"));
      const [code] = (await once(child, "exit")) as [number | null];
      giveUp.cancel();
      expect(code).toBe(0);
    }, 60_000);

    it("two replicas admit together exactly what one would, over limits of one key and of all", async () => {
      const o = {
        limits: [
          { scope: "key", resource: "requests", limit: 60, period: "1h", burst: 35 },
          { scope: "global", resource: "money", limit: 0.03, period: "total" },
        ],
        prices: { m: { input: 0, output: 1000 } },
      } as const;
      const options = { ...o, limits: [...o.limits] };
      await using one = await open({ ...options, redis: { url: topology.store, replica: "one" } });
      await using two = await connect({
        ...options,
        redis: { url: topology.store, replica: "two" },
      });
      const call = (i: number) => (i % 2 === 0 ? one : two).call({ maxTokens: 1 });
      const all = await Promise.all(Array.from({ length: 100 }, (_, i) => call(i)));
      expect(all.filter(({ refusal }) => !refusal)).toHaveLength(30);
      // What the budget refused has burnt nothing of the key's burst: five are left of it.
      for (const { x } of all) x.lease?.settle({ tokens: 0, nano: 0 });
      // Both connections have brought it there by then.
      await clock.sleep(1000);
      const more: boolean[] = [];
      for (let i = 0; i < 7; i++) more.push((await call(i)).refusal === undefined);
      expect(more).toEqual([true, true, true, true, true, false, false]);
    });
  });
}
