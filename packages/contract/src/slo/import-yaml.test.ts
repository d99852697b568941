import { describe, expect, test } from "vitest";
import { importSlos } from "./import-yaml.ts";
import { dayMs, hourMs, minuteMs, type Slo, type SloDocument } from "./model.ts";

const month = 30 * dayMs;
const series = {
  bad: 'calls{code="500"}',
  total: "calls",
  good: 'calls{code="200"}',
  histogram: "took",
  bounds: [0.5, 2],
};
const options = { service: "gateway", series: { gateway: series, chat: series } };

function read(value: unknown): SloDocument {
  const result = importSlos(value, options);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.document;
}

const codes = (value: unknown): string[] => {
  const result = importSlos(value, options);
  return result.ok ? [] : result.problems.map(({ code, path }) => `${code} ${path}`);
};
const slo = (document: SloDocument, id: string): Slo => {
  const found = document.slos.find((one) => one.id === id);
  if (found === undefined)
    throw new Error(`no ${id} in ${document.slos.map((one) => one.id).join()}`);
  return found;
};

describe("slo_targets", () => {
  test("availability is a ratio over its window and keeps its static alerts", () => {
    const value = {
      availability: { target: 99.5, window: "30 days", alerts: { warning: 99.7, critical: 99 } },
    };
    const one = slo(read({ slo_targets: value }), "availability");
    expect(one).toMatchObject({
      service: "gateway",
      objective: 0.995,
      windowMs: month,
      sli: { kind: "ratio", bad: series.bad, total: series.total },
    });
    expect(one.alerts).toEqual({
      mode: "burn",
      static: [
        { severity: "ticket", overMs: 5 * minuteMs, above: 0.003 },
        { severity: "page", overMs: 5 * minuteMs, above: 0.01 },
      ],
    });
  });

  test("percentiles are shares under a time, and a short window has a static alert, no burn rate", () => {
    const document = read({
      slo_targets: {
        latency: {
          p50: 500,
          p95: { target: "1.5 s", window: "30 days" },
          p99: { target: 2000, window: "1 hour" },
        },
      },
    });
    expect(
      document.slos.map(({ id, objective, sli }) => [
        id,
        objective,
        "underMs" in sli ? sli.underMs : 0,
      ]),
    ).toEqual([
      ["latency.p50", 0.5, 500],
      ["latency.p95", 0.95, 1500],
      ["latency.p99", 0.99, 2000],
    ]);
    expect(slo(document, "latency.p99").alerts).toEqual({
      mode: "static",
      static: [{ severity: "ticket", overMs: hourMs, above: 0.01 }],
    });
    expect(slo(document, "latency.p95").alerts).toEqual({ mode: "burn", static: [] });
  });

  test("a shared window of latency counts for percentiles without their own", () => {
    const document = read({
      slo_targets: {
        latency: { window: "30 days", p50: 500, p99: { target: 2000, window: "1h" } },
      },
    });
    expect(document.slos.map(({ windowMs }) => windowMs)).toEqual([month, hourMs]);
  });

  test("data loss is 0 or nothing, an error rate is per cent of 5 minutes", () => {
    const document = read({
      slo_targets: { data_loss: { target: 0, window: "continuous" }, error_rate: 0.5 },
    });
    expect(slo(document, "data_loss")).toMatchObject({ sli: { kind: "loss" }, objective: 1 });
    expect(slo(document, "error_rate")).toMatchObject({ objective: 0.995, windowMs: 5 * minuteMs });
    expect(codes({ slo_targets: { data_loss: 1 } })).toEqual([
      "LL_SLO_SHAPE slo_targets.data_loss",
    ]);
  });
});

describe("service_slos", () => {
  test("each figure has the unit of the file", () => {
    const document = read({
      service_slos: {
        chat: {
          description: "asks",
          availability: 99.5,
          p99_latency: 2000,
          error_rate: 0.5,
          throughput_min: 20,
        },
        rag: { query_latency_p99: 1800, ingest_latency_p99: 2000 },
        postgres: { availability: 99.9, connections_utilization: 80 },
        mcp: { operation_timeout: "30 s" },
      },
    });
    expect(document.slos.map(({ id, objective, sli }) => [id, objective, sli])).toEqual([
      ["chat.availability", 0.995, { kind: "ratio", bad: series.bad, total: series.total }],
      [
        "chat.latency.p99",
        0.99,
        { kind: "latency", underMs: 2000, histogram: "took", bounds: [0.5, 2] },
      ],
      ["chat.error_rate", 0.995, { kind: "ratio", bad: series.bad, total: series.total }],
      ["chat.throughput", 0.99, { kind: "throughput", minPerSecond: 20, good: series.good }],
      ["rag.query.latency.p99", 0.99, { kind: "latency", underMs: 1800 }],
      ["rag.ingest.latency.p99", 0.99, { kind: "latency", underMs: 2000 }],
      ["postgres.availability", 0.999, { kind: "ratio" }],
    ]);
    expect(document.claims.map(({ id, kind, limit, unit }) => [id, kind, limit, unit])).toEqual([
      ["slo.postgres.connections.utilization", "bound", 80, "%"],
      ["slo.mcp.timeout", "predicate", 30_000, "ms"],
    ]);
  });

  test("a timeout that would be 30 ms is refused for its unit", () => {
    expect(codes({ service_slos: { mcp: { operation_timeout: 30 } } })).toEqual([
      "LL_SLO_UNIT service_slos.mcp.operation_timeout",
    ]);
    expect(codes({ service_slos: { mcp: { p99_latency: 0.2 } } })).toEqual([
      "LL_SLO_UNIT service_slos.mcp.p99_latency",
    ]);
    expect(codes({ service_slos: { "Chat Service": { availability: 99 } } })).toEqual([
      "LL_SLO_SHAPE service_slos.Chat Service",
    ]);
  });
});

describe("error_budgets", () => {
  const targets = { slo_targets: { availability: 99.5, error_rate: 0.5 } };

  test("3.6 h in 30 days and 50.4 min in 7 days follow from 99.5 %", () => {
    const stated = { monthly: "3.6 hours", weekly: { budget: "50.4 minutes" } };
    expect(
      codes({
        ...targets,
        error_budgets: { availability: { ...stated, percentage: 0.5 }, error_rate: 0.5 },
      }),
    ).toEqual([]);
    expect(codes({ ...targets, error_budgets: stated })).toEqual([]);
  });

  test.each([
    [{ availability: { monthly: "4 hours" } }, "error_budgets.availability.monthly"],
    [{ availability: { percentage: 1 } }, "error_budgets.availability.percentage"],
    [{ weekly: { budget: "50.4 hours" } }, "error_budgets.weekly.budget"],
    [{ error_rate: 5 }, "error_budgets.error_rate"],
  ])("a budget that does not follow is an error %#", (error_budgets, path) => {
    expect(codes({ ...targets, error_budgets })).toEqual([`LL_SLO_BUDGET ${path}`]);
  });

  test("the message of a mismatch has the figure that follows", () => {
    const result = importSlos({ ...targets, error_budgets: { monthly: "43.2 min" } }, options);
    expect(result.ok ? "" : result.problems[0]?.message).toBe(
      "43.2 min is stated, 99.5 % over 30 d leaves 3.6 h",
    );
    expect(codes({ service_slos: {}, error_budgets: { monthly: "1 h" } })).toEqual([
      "LL_SLO_BUDGET error_budgets.monthly",
    ]);
    expect(codes({ ...targets, error_budgets: { uptime: 0.5 } })).toEqual([
      "LL_SLO_UNKNOWN_KEY error_budgets.uptime",
    ]);
  });
});

describe("monitoring, validation and compliance", () => {
  const channels = [
    { name: "chat", type: "slack", to: "/run/chat" },
    "pagerduty",
    { type: "email", to: "a@example.org", via: "m:25" },
  ];

  test("intervals, channels and levels are kept, bare numbers are seconds and minutes", () => {
    const document = read({
      slo_targets: { availability: 99.5 },
      monitoring: {
        collection_interval: 15,
        health_check_interval: "30 s",
        alert_channels: channels,
        escalation: [
          { level: 1, after: 5, to: "chat" },
          { level: 2, after: "15 minutes", to: "pagerduty" },
          { level: 3, after: "30 min", to: "email" },
        ],
      },
      validation: { profile: "full" },
    });
    expect(document.intervals).toEqual({ collectMs: 15_000, healthMs: 30_000 });
    expect(document.receivers.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "chat chat",
      "pagerduty pager",
      "email mail",
    ]);
    expect(slo(document, "availability").escalation).toEqual([
      { afterMs: 5 * minuteMs, to: "chat" },
      { afterMs: 15 * minuteMs, to: "pagerduty" },
      { afterMs: 30 * minuteMs, to: "email" },
    ]);
    expect(document.profile).toBe("full");
  });

  test("a level to nobody, or before the one above it, is refused", () => {
    const escalation = [
      { after: 5, to: "chat" },
      { after: 5, to: "chat" },
      { after: 9, to: "boss" },
    ];
    const monitoring = { alert_channels: channels, escalation };
    expect(codes({ slo_targets: {}, monitoring })).toEqual([
      "LL_SLO_SHAPE monitoring.escalation[1].after",
      "LL_SLO_SHAPE monitoring.escalation[2].to",
    ]);
    expect(codes({ slo_targets: {}, monitoring: { alert_channels: ["fax"] } })).toEqual([
      "LL_SLO_SHAPE monitoring.alert_channels[0].type",
    ]);
  });

  test("channels without a name are told apart", () => {
    const alert_channels = [
      { name: "email-2", type: "slack" },
      "email",
      "email",
      { type: "email" },
    ];
    const { receivers } = read({ slo_targets: {}, monitoring: { alert_channels } });
    expect(receivers.map(({ name }) => name)).toEqual(["email-2", "email", "email-3", "email-4"]);
  });

  test("duties become claims with a limit, one that is kept for at least so long no bound", () => {
    const compliance = {
      secret_rotation: "90 days",
      audit_retention: "1 year",
      rpo: "1 hour",
      rto: "4 hours",
    };
    const { claims } = read({ slo_targets: {}, compliance });
    expect(claims.map(({ id, kind, limit }) => [id, kind, (limit ?? 0) / hourMs])).toEqual([
      ["slo.secret_rotation", "bound", 90 * 24],
      ["slo.audit_retention", "predicate", 365 * 24],
      ["slo.rpo", "bound", 1],
      ["slo.rto", "bound", 4],
    ]);
  });
});

describe("what a file may not hold", () => {
  test.each([0.995, "0.995", 1, { target: 0.5 }])("availability %j has no unit", (availability) => {
    const isMap = typeof availability === "object";
    expect(codes({ slo_targets: { availability } })).toEqual([
      `LL_SLO_UNIT slo_targets.availability${isMap ? ".target" : ""}`,
    ]);
  });

  test("a small availability with its sign is what it says", () => {
    const document = read({ slo_targets: { availability: "0.5 %" } });
    expect(slo(document, "availability").objective).toBe(0.005);
  });

  test("two spellings of one objective are refused", () => {
    expect(codes({ service_slos: { chat: { p99_latency: 300, latency_p99: 900 } } })).toEqual([
      "LL_SLO_DUPLICATE slos[1].id",
    ]);
  });

  test.each<[unknown, string]>([
    [{ slo_target: {} }, "LL_SLO_UNKNOWN_KEY slo_target"],
    [{ slo_targets: { availabilty: 99 } }, "LL_SLO_UNKNOWN_KEY slo_targets.availabilty"],
    [
      { slo_targets: { availability: { target: 99, windw: "1 d" } } },
      "LL_SLO_UNKNOWN_KEY slo_targets.availability.windw",
    ],
    [{ slo_targets: { latency: { p999: 1 } } }, "LL_SLO_UNKNOWN_KEY slo_targets.latency.p999"],
    [{ service_slos: { chat: { uptime: 99 } } }, "LL_SLO_UNKNOWN_KEY service_slos.chat.uptime"],
    [
      { monitoring: { collection_intervall: 15 } },
      "LL_SLO_UNKNOWN_KEY monitoring.collection_intervall",
    ],
    [{ compliance: { rpo: "1 hour", gdpr: true } }, "LL_SLO_UNKNOWN_KEY compliance.gdpr"],
    [{ slo_targets: { availability: 100.5 } }, "LL_SLO_SHAPE slo_targets.availability"],
    [{ slo_targets: { availability: "high" } }, "LL_SLO_SHAPE slo_targets.availability"],
    [
      { slo_targets: { availability: { target: 99, window: 30 } } },
      "LL_SLO_UNIT slo_targets.availability.window",
    ],
    [
      { slo_targets: { availability: { target: 99, alerts: { shout: 99 } } } },
      "LL_SLO_SHAPE slo_targets.availability.alerts.shout",
    ],
    [{ validation: { profile: "deep" } }, "LL_SLO_SHAPE validation.profile"],
    [{ slo_targets: [] }, "LL_SLO_SHAPE slo_targets"],
    [[], "LL_SLO_SHAPE "],
    [null, "LL_SLO_SHAPE "],
  ])("%j is refused by path", (value, expected) => {
    expect(codes(value)).toEqual([expected]);
  });

  test("an unknown key names the nearest known one", () => {
    const result = importSlos({ slo_targets: { availabilty: 99 } }, options);
    expect(result.ok ? "" : result.problems[0]?.message).toBe(
      "unknown key. Did you mean availability?",
    );
  });

  test("all problems are told at once", () => {
    expect(
      codes({ slo_targets: { availability: "x", latency: { p50: "y" } }, extra: 1 }),
    ).toHaveLength(3);
  });
});
