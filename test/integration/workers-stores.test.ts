import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { openOfflineAudit } from "../../packages/gateway/src/index.ts";
import { startPostgres } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { Serving } from "./workers/serving.ts";

const clock = systemClock();
const parts = await requireParts(["postgres-15"], { rows: ["R0-04"] });
const testMs = 240_000;
const callers = 60;

/** 30 calls of three output tokens, at 0.00001 a token, are what the budget affords. */
const yaml = (sql: string): string => `stores: {sql: "${sql}"}
targets: {s: {provider: simulator, tokens: 3, latency: 0, tokensPerSecond: 1e6}}
routes: {r: {models: [m], groups: [{targets: [s]}]}}
prices: {m: {input: 0, output: 10}}
limits: [{scope: global, resource: money, limit: 0.0009, period: total}]
auditLog: {requests: all}
`;

/** Statuses of callers at once, each on a connection of its own. */
async function together(serving: Serving): Promise<{ ok: number; spent: number }> {
  const all = await Promise.all(Array.from({ length: callers }, () => serving.chat("m")));
  const count = (status: number): number => all.filter((one) => one.status === status).length;
  return { ok: count(200), spent: count(402) };
}

/** Seqs of a tenant's chain, in its order. */
async function chainOf(stateDir: string, sql: string): Promise<number[]> {
  await using log = await openOfflineAudit({ clock, stateDir, sql });
  const entries: { seq: number; tenant: string }[] = [];
  await log.export((text) => entries.push(JSON.parse(text)));
  return entries.filter(({ tenant }) => tenant === "default").map(({ seq }) => seq);
}

async function spendsOnce(sql: string): Promise<void> {
  await using serving = await new Serving().start(yaml(sql), 2);
  expect(await together(serving)).toEqual({ ok: 30, spent: 30 });
  serving.send("SIGTERM");
  expect(await serving.ended()).toBe(0);
  await serving.restart(2);
  expect(await together(serving)).toEqual({ ok: 0, spent: callers });
  serving.send("SIGTERM");
  expect(await serving.ended()).toBe(0);
  const seqs = await chainOf(join(serving.dir, "state"), sql);
  // 30 calls and, merged where they are equal, 90 denials: no gap in the chain all make together.
  expect(seqs.length).toBeGreaterThan(30);
  expect(seqs).toEqual(seqs.map((_, i) => i + 1));
}

describe("workers over a store", () => {
  it(
    "spend a budget together once, also after a restart, and write one chain, on SQLite [R0-04]",
    () => spendsOnce("sqlite:"),
    testMs,
  );

  it.skipIf(parts.missing)(
    "and on PostgreSQL 15",
    async () => {
      await using server = await startPostgres(parts.found("postgres-15").path, { clock });
      await spendsOnce(server.url);
    },
    testMs,
  );
});
