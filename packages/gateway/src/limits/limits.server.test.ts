import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { errorCode, runGateway as runBehind, type Running } from "../../test/harness.ts";
import type { Limits } from "./limits.ts";

const chat = { model: "sim", messages: [{ role: "user", content: "hello there" }] };

describe.each(["http1", "node"])("limits of a running gateway, front %s", (front) => {
  const runGateway = (
    o: Record<string, unknown> = {},
    ...rest: [stateDir?: string, controls?: Parameters<typeof runBehind>[2]]
  ): Promise<Running> => runBehind({ ...o, http: { front } }, ...rest);
  it("admits the burst, refuses the next with the exact wait, and states the law", async () => {
    // One comes back each minute: a slow machine asks all 21 before that.
    await using running = await runGateway({
      limits: [{ scope: "key", resource: "requests", limit: 60, period: "1h", burst: 20 }],
    });
    for (let i = 0; i < 20; i++) {
      const response = await running.post("/v1/chat/completions", chat);
      expect(response.status).toBe(200);
      expect(response.headers.get("x-ratelimit-limit-requests")).toBe("60");
      expect(response.headers.get("ratelimit-policy")).toBe('"key-requests";q=60;w=3600;burst=20');
      await response.text();
    }
    const refused = await running.post("/v1/chat/completions", chat);
    expect(refused.status).toBe(429);
    const waitMs = Number(refused.headers.get("retry-after-ms"));
    expect(waitMs).toBeGreaterThan(20_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
    expect(refused.headers.get("retry-after")).toBe(String(Math.ceil(waitMs / 1000)));
    expect(refused.headers.get("x-loadline-limit")).toBe("key/requests");
    expect(refused.headers.get("x-ratelimit-remaining-requests")).toBe("0");
    expect(await errorCode(refused)).toBe("LL_LIMIT_REQUESTS");
  });

  it("sends no limit headers when only the caps apply", async () => {
    await using running = await runGateway();
    const response = await running.post("/v1/chat/completions", chat);
    const names = [...response.headers.keys()].filter((name) => name.includes("ratelimit"));
    expect([response.status, names]).toEqual([200, []]);
  });

  it("spends a budget to the nano-unit, then answers 402, and tells at 80 %", async () => {
    await using running = await runGateway({
      limits: [{ scope: "key", resource: "money", limit: 0.01, period: "total" }],
      prices: { sim: { input: 0, output: 1000 } },
    });
    const call = { ...chat, max_tokens: 3 };
    for (let i = 0; i < 3; i++) {
      const response = await running.post("/v1/chat/completions", call);
      expect(response.status).toBe(200);
      await response.text();
    }
    const refused = await running.post("/v1/chat/completions", call);
    expect([refused.status, await errorCode(refused)]).toEqual([402, "LL_BUDGET_EXHAUSTED"]);
    await eventually(systemClock(), () => running.logged().includes('"percent":80'), 10_000);
  });

  it("a call that no limit can ever hold is 400, because clients repeat a 429", async () => {
    await using running = await runGateway({
      limits: [{ scope: "key", resource: "tokens", limit: 1000, period: "1m" }],
    });
    const refused = await running.post("/v1/chat/completions", { ...chat, max_tokens: 2000 });
    expect([refused.status, await errorCode(refused)]).toEqual([400, "LL_LIMIT_TOO_LARGE"]);
    const passed = await running.post("/v1/chat/completions", { ...chat, max_tokens: 900 });
    expect(passed.status).toBe(200);
    await passed.text();
  });

  it("a budget without a price for the model is 400", async () => {
    await using running = await runGateway({
      limits: [{ scope: "global", resource: "money", limit: 1, period: "day" }],
    });
    const refused = await running.post("/v1/chat/completions", chat);
    expect([refused.status, await errorCode(refused)]).toEqual([400, "LL_BUDGET_PRICE_UNKNOWN"]);
  });

  it("saboteur: a gateway whose limits are knocked out admits the 21st call", async () => {
    const settings = {
      limits: [{ scope: "key", resource: "requests", limit: 100, period: "1m", burst: 20 }],
    };
    const controls = {
      limits: (limits: Limits): Limits => ({
        reserve: () => undefined,
        settle: () => undefined,
        status: () => limits.status(),
        close: () => limits.close(),
      }),
    };
    await using running = await runGateway(settings, undefined, controls);
    const statuses: number[] = [];
    for (let i = 0; i < 21; i++) {
      const response = await running.post("/v1/chat/completions", chat);
      statuses.push(response.status);
      await response.text();
    }
    expect(statuses.at(-1)).toBe(200);
  });
});
