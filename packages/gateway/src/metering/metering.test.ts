import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics, growingLabel } from "@loadline/kit/metrics";
import { describe, expect, it } from "vitest";
import { errorCode, overUpstreams, runGateway, runUpstream } from "../../test/harness.ts";
import { pricesSection } from "../budgets/config.ts";
import { createPrices } from "../budgets/prices.ts";
import { exchangeOf } from "../limits/limits.fixture.ts";
import type { AttemptRecord, Exchange, Usage } from "../pipeline/exchange.ts";
import { recordsOf } from "../state/rows.fixture.ts";
import { createMetering } from "./metering.ts";
import { actualOf } from "./record.ts";

const clock = new TestClock();
const prices = createPrices(pricesSection.parse({ m: { input: 1, output: 10 } }));

function exchange(...attempts: (Usage | "failed" | "silent")[]): Exchange {
  const x = exchangeOf({}, clock);
  x.id = "req_1";
  for (const one of attempts) {
    const base: AttemptRecord = { target: "a", failure: "ok", status: 200, ms: 1 };
    if (one === "failed") x.attempts.push({ ...base, failure: "reset", status: 0 });
    else if (one === "silent") x.attempts.push(base);
    else x.attempts.push({ ...base, usage: one });
  }
  return x;
}

describe("what a call used", () => {
  it("is the sum of all its attempts, priced; an attempt that did nothing counts nothing", () => {
    const estimated = { inputTokens: 5, outputTokens: 1, source: "estimated" } as const;
    const x = exchange("failed", estimated, { inputTokens: 10, outputTokens: 2 });
    expect(actualOf(x, prices, 0)).toEqual({ tokens: 18, nano: 15_000 + 30_000 });
    expect(actualOf(exchange(), prices, 0)).toEqual({ tokens: 0, nano: 0 });
  });

  it("is unknown when one attempt may have worked and nobody can say how much, never 0", () => {
    const known = { inputTokens: 1, outputTokens: 1 };
    expect(actualOf(exchange(known, "silent"), prices, 0)).toBeUndefined();
    const unknown = { inputTokens: 0, outputTokens: 0, source: "unknown" } as const;
    expect(actualOf(exchange(unknown, known), prices, 0)).toBeUndefined();
  });
});

describe("usage records", () => {
  it("are one for each attempt, with source, cost and exit, and counted by source", async () => {
    const rows: Record<string, unknown>[] = [];
    const metrics = createMetrics();
    const metering = createMetering({
      clock,
      logger: createLogger({ clock, write: () => undefined, level: "silent" }),
      metrics,
      models: growingLabel(["m"]),
      prices,
      store: { append: (batch) => Promise.resolve(rows.push(...recordsOf(batch))) },
    });
    const used = { inputTokens: 10, outputTokens: 4, cachedTokens: 2, reasoningTokens: 1 };
    metering.meter(exchange("failed", used), { reason: "ok", status: 200 });
    metering.meter(exchange(), { reason: "refused", status: 429 });
    await metering.close();
    expect(rows.map((row) => [row["id"], row["source"], row["costNano"], row["exit"]])).toEqual([
      ["req_1/1", "none", 0, "ok"],
      ["req_1/2", "provider", 50_000, "ok"],
    ]);
    const text = metrics.render();
    for (const [direction, count] of Object.entries({ in: 10, out: 4, cached: 2, reasoning: 1 }))
      expect(text).toContain(
        `loadline_tokens_total{model="m",direction="${direction}",source="provider"} ${count}\n`,
      );
    expect(text).toContain('loadline_cost_nanounits_total{model="m"} 50000\n');
    expect(text).toContain('loadline_usage_records_total{source="none"} 1\n');
  });

  it("of an unknown outcome cost all that was reserved", async () => {
    const rows: Record<string, unknown>[] = [];
    const metering = createMetering({
      clock,
      logger: createLogger({ clock, write: () => undefined, level: "silent" }),
      metrics: createMetrics(),
      models: growingLabel(["m"]),
      prices,
      store: { append: (batch) => Promise.resolve(rows.push(...recordsOf(batch))) },
    });
    const x = exchange("silent");
    x.lease = {
      id: x.id,
      headers: [],
      outputBound: undefined,
      reservedTokens: 9,
      reservedNano: 777,
      settle: () => undefined,
    };
    metering.meter(x, { reason: "cut", status: 200 });
    await metering.close();
    expect(rows.map((row) => [row["source"], row["costNano"]])).toEqual([["unknown", 777]]);
  });
});

describe("metering of a running gateway", () => {
  it("debits what the upstream reports, not what was reserved", async () => {
    await using upstream = await runUpstream((response) => {
      const usage = { prompt_tokens: 100, completion_tokens: 400, total_tokens: 500 };
      const choices = [{ index: 0, message: { role: "assistant", content: "x" } }];
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ object: "chat.completion", choices, usage }));
    });
    await using running = await runGateway({
      ...overUpstreams(upstream.baseUrl),
      limits: [{ scope: "key", resource: "tokens", limit: 1000, period: "1h" }],
    });
    const ask = (max_tokens: number): Promise<Response> =>
      running.post("/v1/chat/completions", { model: "m", messages: [], max_tokens });
    for (let i = 0; i < 2; i++) expect((await ask(50)).status).toBe(200);
    const refused = await ask(50);
    expect([refused.status, await errorCode(refused)]).toEqual([429, "LL_LIMIT_TOKENS"]);
    expect(JSON.parse(upstream.bodies[0] ?? "{}")).toMatchObject({ max_tokens: 50 });
  });

  it("splices a bound into a request without one, where a limit counts tokens", async () => {
    await using upstream = await runUpstream((response) => response.writeHead(500).end());
    await using running = await runGateway({
      ...overUpstreams(upstream.baseUrl),
      outputMax: { m: 321 },
      limits: [{ scope: "key", resource: "tokens", limit: 10_000, period: "1m" }],
    });
    await (await running.post("/v1/chat/completions", { model: "m", messages: [] })).text();
    expect(JSON.parse(upstream.bodies[0] ?? "{}")).toMatchObject({ max_tokens: 321 });
  });

  it.each(['{"prompt_tokens":1.5,"completion_tokens":0.25}', '{"prompt_tokens":1e300}'])(
    "is in the store whatever usage an upstream reports: %s",
    async (said) => {
      await using upstream = await runUpstream((response) => {
        response.setHeader("content-type", "application/json");
        response.end(`{"choices":[{"message":{"content":"a"}}],"usage":${said}}`);
      });
      await using running = await runGateway(overUpstreams(upstream.baseUrl));
      const ask = { model: "m", messages: [] };
      expect((await running.post("/v1/chat/completions", ask)).status).toBe(200);
      await running.gateway.close({ graceMs: 0 });
      using store = new DatabaseSync(join(running.stateDir, "loadline.db"), { readOnly: true });
      expect(store.prepare("SELECT sum(requests) AS n FROM usage_minutes").get()).toEqual({ n: 1 });
      expect(running.logged()).not.toContain("usage.kept");
    },
  );
});
