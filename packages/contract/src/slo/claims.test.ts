import { describe, expect, test } from "vitest";
import { claimsOfSlos } from "./claims.ts";
import { dayMs, hourMs, plainSlo } from "./model.ts";

const month = 30 * dayMs;

describe("claimsOfSlos", () => {
  test("each kind of SLO becomes the claim that a run can decide", () => {
    const claims = claimsOfSlos([
      plainSlo({
        id: "availability",
        service: "gateway",
        sli: { kind: "ratio" },
        objective: 0.995,
        windowMs: month,
      }),
      plainSlo({
        id: "latency.p99",
        service: "gateway",
        sli: { kind: "latency", underMs: 2000 },
        objective: 0.99,
        windowMs: hourMs,
      }),
      plainSlo({
        id: "data_loss",
        service: "gateway",
        sli: { kind: "loss" },
        objective: 1,
        windowMs: month,
      }),
      plainSlo({
        id: "chat.throughput",
        service: "chat",
        sli: { kind: "throughput", minPerSecond: 20 },
        objective: 0.99,
        windowMs: month,
      }),
      plainSlo({
        id: "rag.query.latency.p99",
        service: "rag",
        sli: { kind: "latency", underMs: 1800 },
        objective: 0.99,
        windowMs: month,
      }),
      plainSlo({
        id: "rag.freshness",
        service: "rag",
        sli: { kind: "freshness", withinMs: 60_000 },
        objective: 0.99,
        windowMs: month,
      }),
    ]);
    expect(
      claims.map(({ id, kind, of, target, limit, unit }) => [id, kind, of, target ?? limit, unit]),
    ).toEqual([
      ["slo.availability", "proportion", "load.chat.errors", 0.995, undefined],
      ["slo.latency.p99", "quantile", "load.chat.response_time", 0.99, "ms"],
      ["slo.data_loss", "zero_loss", "drill.gateway.loss", undefined, undefined],
      ["slo.chat.throughput", "mean", "load.chat.good_per_second", 20, "requests/s"],
      ["slo.rag.query.latency.p99", "quantile", "load.rag.query.response_time", 0.99, "ms"],
      ["slo.rag.freshness", "bound", "load.rag.age", 60_000, "ms"],
    ]);
    for (const claim of claims) {
      expect(claim.rationale.length).toBeGreaterThanOrEqual(10);
      expect(claim.statement).toMatch(/of this run|in this run/);
      expect(claim.required).toBe(true);
    }
  });

  test("a latency claim carries the limit of its SLO", () => {
    const [claim] = claimsOfSlos([
      plainSlo({
        id: "chat.latency.p95",
        service: "chat",
        sli: { kind: "latency", underMs: 1500 },
        objective: 0.95,
        windowMs: month,
      }),
    ]);
    expect(claim).toMatchObject({ target: 0.95, limit: 1500, unit: "ms" });
    expect(claim?.statement).toContain("95 % of the requests of this run take < 1500 ms");
  });
});
