import { describe, expect, test } from "vitest";
import { claimsOfSlos } from "./claims.ts";
import { dayMs, hourMs, plainSlo, type Slo } from "./model.ts";

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

  const chat = 'loadline_requests_total{operation="chat"}';
  const of = (change: Partial<Slo>): string | undefined =>
    claimsOfSlos([
      plainSlo({
        id: "gateway.availability",
        service: "gateway",
        sli: { kind: "ratio" },
        objective: 0.99,
        windowMs: month,
        ...change,
      }),
    ])[0]?.of;

  test.each<[string, Partial<Slo>]>([
    [
      "another operation",
      { id: "gateway.embed.latency.p99", sli: { kind: "latency", underMs: 300 } },
    ],
    ["another operation's success", { id: "gateway.embed.availability" }],
    ["a share that no name tells", { id: "gateway.cache_hits" }],
    ["hits of a cache", { sli: { kind: "ratio", good: "cache_hits", total: "cache_lookups" } }],
    [
      "another total",
      { sli: { kind: "ratio", bad: `${chat.slice(0, -1)},status=~"5.."}`, total: "x" } },
    ],
    [
      "a latency that is written as a ratio",
      {
        id: "gateway-latency-p99",
        sli: {
          kind: "ratio",
          good: 'loadline_request_duration_seconds_bucket{le="0.3"}',
          total: "loadline_request_duration_seconds_count",
        },
      },
    ],
    [
      "other requests of the gateway",
      { sli: { kind: "ratio", total: 'loadline_requests_total{operation="embeddings"}' } },
    ],
    [
      "failures of another kind",
      { sli: { kind: "ratio", bad: `${chat.slice(0, -1)},status="429"}`, total: chat } },
    ],
    ["another histogram", { id: "latency", sli: { kind: "latency", underMs: 9, histogram: "db" } }],
    ["slices of time", { method: { kind: "timeslices", sliceMs: 60_000, target: 0.9 } }],
  ])("%s is not decided by the chat's load", (_, change) => {
    expect(of(change)).toMatch(/^load\.slo\.[\w.-]+\.(?:errors|response_time)$/);
  });

  test("what the chat's load is about keeps its stream, by name or by series", () => {
    const p99 = { kind: "latency", underMs: 300 } as const;
    expect([
      of({}),
      of({ id: "availability", service: "platform" }),
      of({ id: "gateway.chat.latency.p99", sli: p99 }),
      of({ id: "chat-availability", service: "chat", sli: { kind: "ratio", total: chat } }),
      of({ id: "latency.p50", sli: { ...p99, histogram: "loadline_request_duration_seconds" } }),
    ]).toEqual([
      "load.chat.errors",
      "load.chat.errors",
      "load.chat.response_time",
      "load.chat.errors",
      "load.chat.response_time",
    ]);
  });
});
