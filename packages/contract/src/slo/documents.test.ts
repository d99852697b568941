import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertModes, dayMs, minuteMs, plainSlo, type Slo, type SloDocument } from "./model.ts";
import { readOpenSlo } from "./openslo-read.ts";
import { writeOpenSlo } from "./openslo-write.ts";
import { readSloDocument, type SloResult } from "./read-document.ts";
import { writeSloDocument } from "./write-document.ts";
import { parseSpan } from "./fields.ts";

const problemsOf = (result: SloResult): string[] =>
  result.ok ? [] : result.problems.map(({ code, path }) => `${code} ${path}`);
const documentOf = (result: SloResult): SloDocument => {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.document;
};

const ratio: Slo = plainSlo({
  id: "chat.availability",
  service: "chat",
  sli: { kind: "ratio", bad: 'calls_total{code=~"5.."}', total: "calls_total" },
  objective: 0.995,
  windowMs: 30 * dayMs,
  runbook: "https://runbooks.example.org/chat",
});

describe("our own form", () => {
  const span = fc.integer({ min: 1, max: 400_000 }).map((minutes) => minutes * minuteMs);
  const share = fc.integer({ min: 1, max: 9_999 }).map((one) => one / 10_000);
  const sli = fc.oneof(
    fc.record({
      kind: fc.constant("ratio" as const),
      bad: fc.constant('b{x="1"}'),
      total: fc.constant("t"),
    }),
    fc.record({
      kind: fc.constant("latency" as const),
      underMs: fc.integer({ min: 1, max: 60_000 }),
      histogram: fc.constant("h"),
      bounds: fc.constant([0.5, 2]),
    }),
    fc.record({ kind: fc.constant("loss" as const) }),
    fc.record({
      kind: fc.constant("throughput" as const),
      minPerSecond: fc.integer({ min: 1, max: 99 }),
    }),
    fc.record({
      kind: fc.constant("freshness" as const),
      withinMs: span,
      timestamp: fc.constant("ts"),
    }),
  );
  const slo: fc.Arbitrary<Slo> = fc.record({
    id: fc.constantFrom("a", "b.c", "chat.latency.p99"),
    service: fc.constantFrom("chat", "rag"),
    sli,
    objective: share,
    windowMs: span,
    method: fc.oneof(
      fc.constant({ kind: "occurrences" as const }),
      fc.record({ kind: fc.constant("timeslices" as const), sliceMs: span, target: share }),
    ),
    traffic: fc.record({
      expectedRps: fc.integer({ min: 0, max: 100 }),
      minEvents: fc.integer({ min: 0, max: 100 }),
    }),
    alerts: fc.record({
      mode: fc.constantFrom(...alertModes),
      static: fc.array(
        fc.record({
          severity: fc.constantFrom("page" as const, "ticket" as const),
          overMs: span,
          above: share,
        }),
        { maxLength: 2 },
      ),
    }),
    escalation: fc.constant([{ afterMs: 5 * minuteMs, to: "pager" }]),
    runbook: fc.constant("https://example.org"),
    labels: fc.constant({ team: "core" }),
  });

  test("what is written is read again as the same", () => {
    fc.assert(
      fc.property(slo, (one) => {
        const document: SloDocument = {
          slos: [one],
          receivers: [{ name: "pager", kind: "pager", to: "/run/key" }],
          intervals: { collectMs: 15_000, healthMs: 30_000 },
          profile: "full",
          claims: [],
        };
        const written: unknown = JSON.parse(JSON.stringify(writeSloDocument(document)));
        expect(documentOf(readSloDocument(written))).toEqual(document);
      }),
      { numRuns: 100 },
    );
  });

  const minimal = { id: "a", service: "s", sli: { kind: "ratio" }, objective: 0.99, window: "30d" };
  const file = (change: object): unknown => ({
    schema: "loadline-slo/v1",
    slos: [{ ...minimal, ...change }],
  });

  test("defaults are those of the design", () => {
    const [one] = documentOf(readSloDocument(file({}))).slos;
    expect(one).toMatchObject({
      traffic: { minEvents: 20 },
      alerts: { mode: "burn" },
      method: { kind: "occurrences" },
    });
    const [short] = documentOf(readSloDocument(file({ window: "1h" }))).slos;
    expect(short?.alerts.mode).toBe("static");
  });

  test.each<[object, string]>([
    [{ objektive: 1 }, "LL_SLO_UNKNOWN_KEY slos[0].objektive"],
    [{ objective: 99.5 }, "LL_SLO_UNIT slos[0].objective"],
    [{ objective: "0.995" }, "LL_SLO_UNIT slos[0].objective"],
    [{ window: 30 }, "LL_SLO_UNIT slos[0].window"],
    [{ window: "30 lightyears" }, "LL_SLO_UNIT slos[0].window"],
    [{ id: "Chat" }, "LL_SLO_SHAPE slos[0].id"],
    [{ service: "" }, "LL_SLO_SHAPE slos[0].service"],
    [{ sli: { kind: "speed" } }, "LL_SLO_SHAPE slos[0].sli.kind"],
    [{ sli: { kind: "ratio", under: "2s" } }, "LL_SLO_UNKNOWN_KEY slos[0].sli.under"],
    [{ sli: { kind: "ratio", total: "sum(x)" } }, "LL_SLO_SHAPE slos[0].sli.total"],
    [{ sli: { kind: "ratio", total: "x) or vector(1" } }, "LL_SLO_SHAPE slos[0].sli.total"],
    [{ sli: { kind: "latency", under: "2s", bounds: [2, 1] } }, "LL_SLO_SHAPE slos[0].sli.bounds"],
    [{ sli: { kind: "latency", under: 2 } }, "LL_SLO_UNIT slos[0].sli.under"],
    [{ sli: { kind: "freshness", within: 2 } }, "LL_SLO_UNIT slos[0].sli.within"],
    [{ sli: { kind: "throughput", minPerSecond: -1 } }, "LL_SLO_SHAPE slos[0].sli.minPerSecond"],
    [{ alerts: { mode: "loud" } }, "LL_SLO_SHAPE slos[0].alerts.mode"],
    [
      { alerts: { static: [{ severity: "page", over: "5m", above: 3 }] } },
      "LL_SLO_UNIT slos[0].alerts.static[0].above",
    ],
    [{ escalation: [{ after: "5m", to: "boss" }] }, "LL_SLO_SHAPE slos[0].escalation[0].to"],
    [{ labels: { team: 1 } }, "LL_SLO_SHAPE slos[0].labels.team"],
    [{ method: { slice: "1m" } }, "LL_SLO_UNIT slos[0].method.target"],
    [{ traffic: { minEvents: "few" } }, "LL_SLO_SHAPE slos[0].traffic.minEvents"],
  ])("%j is refused by path", (change, expected) => {
    expect(problemsOf(readSloDocument(file(change)))).toEqual([expected]);
  });

  test("another schema, a receiver of no kind and twins are refused", () => {
    const twins = {
      schema: "loadline-slo/v2",
      slos: [minimal, minimal],
      receivers: [{ name: "x", kind: "fax" }],
    };
    expect(problemsOf(readSloDocument(twins))).toEqual([
      "LL_SLO_SHAPE schema",
      "LL_SLO_SHAPE receivers[0].kind",
      "LL_SLO_DUPLICATE slos[1].id",
    ]);
  });

  test("no value makes the reader throw", () => {
    fc.assert(
      fc.property(fc.anything(), fc.jsonValue(), (anything, json) => {
        expect(readSloDocument(anything).ok).toBe(false);
        expect(readSloDocument({ schema: "loadline-slo/v1", slos: [json] }).ok).toBe(false);
        expect(readOpenSlo([anything, json]).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe("times", () => {
  test.each([
    ["30 days", 30 * dayMs],
    ["50.4 minutes", 50.4 * minuteMs],
    ["1 Hour", 60 * minuteMs],
    ["15s", 15_000],
    ["1 year", 365 * dayMs],
    ["1M", null],
    ["5 M", null],
    ["soon", null],
    ["-1 s", null],
  ])("%s is %s ms", (text, expected) => {
    expect(parseSpan(text)).toBe(expected);
  });
});

describe("OpenSLO", () => {
  const sliced: Slo = { ...ratio, method: { kind: "timeslices", sliceMs: minuteMs, target: 0.95 } };

  test.each([ratio, sliced])("an SLO is written and read again as the same %#", (one) => {
    const documents: unknown[] = JSON.parse(JSON.stringify(writeOpenSlo([one])));
    const [again] = documentOf(readOpenSlo(documents)).slos;
    expect(again).toEqual({ ...one, id: "chat-availability" });
  });

  test("a pair is two policies of one condition each that name their pair", () => {
    const documents = writeOpenSlo([ratio]);
    expect(documents).toHaveLength(1 + 8);
    const text = JSON.stringify(documents.slice(1, 3));
    expect(text.match(/"loadline.dev\/pair":"chat-availability-page-fast"/g)).toHaveLength(2);
    expect(text).toContain('"threshold":14.4,"lookbackWindow":"1h"');
    expect(text).toContain('"threshold":14.4,"lookbackWindow":"5m"');
    for (const one of documents.slice(1)) expect(one).toHaveProperty("spec.conditions.length", 1);
  });

  test("a share under a time is written as the counters of its histogram", () => {
    const slo = {
      ...ratio,
      sli: { kind: "latency", underMs: 2000, histogram: 'took{route="r"}' },
    } as const;
    const [first] = writeOpenSlo([slo]);
    expect(first).toHaveProperty(
      "spec.indicator.spec.ratioMetric.good.metricSource.spec.query",
      String.raw`took_bucket{route="r",le=~"2|2\\.0"}`,
    );
    expect(writeOpenSlo([{ ...ratio, sli: { kind: "loss" } }])).toEqual([]);
  });

  const source = (query: string, more: object = {}): object => ({
    metricSource: { type: "Prometheus", spec: { query }, ...more },
  });
  const foreign = (spec: object, metric: object = {}): unknown => ({
    apiVersion: "openslo/v1",
    kind: "SLO",
    metadata: { name: "web" },
    spec: {
      service: "web",
      indicator: {
        metadata: { name: "i" },
        spec: {
          ratioMetric: {
            counter: true,
            good: source('ok{job="w"}'),
            total: source("all"),
            ...metric,
          },
        },
      },
      timeWindow: [{ duration: "28d", isRolling: true }],
      budgetingMethod: "Occurrences",
      objectives: [{ target: 0.99 }],
      ...spec,
    },
  });

  test("a file of somebody else is read: a rate around a counter, months, percentages", () => {
    const good = source('sum(rate(ok{job="w"}[5m]))');
    const [one] = documentOf(
      readOpenSlo([
        foreign(
          { timeWindow: [{ duration: "1M" }], objectives: [{ targetPercent: 99.9 }] },
          { good },
        ),
      ]),
    ).slos;
    expect(one).toMatchObject({
      id: "web",
      objective: 0.999,
      windowMs: 30 * dayMs,
      sli: { good: 'ok{job="w"}', total: "all" },
    });
  });

  test("an indicator may stand in a document of its own", () => {
    const metric = { counter: true, bad: source("bad"), total: source("all") };
    const sli = {
      apiVersion: "openslo/v1",
      kind: "SLI",
      metadata: { name: "i" },
      spec: { ratioMetric: metric },
    };
    const [one] = documentOf(
      readOpenSlo([sli, foreign({ indicator: undefined, indicatorRef: "i" })]),
    ).slos;
    expect(one?.sli).toEqual({ kind: "ratio", bad: "bad", total: "all" });
    expect(problemsOf(readOpenSlo([foreign({ indicatorRef: "j" })]))).toEqual([
      "LL_SLO_OPENSLO spec.indicatorRef",
    ]);
  });

  test.each<[string, object, object, string]>([
    [
      "RatioTimeslices",
      { budgetingMethod: "RatioTimeslices" },
      {},
      "LL_SLO_OPENSLO spec.budgetingMethod",
    ],
    [
      "a calendar window",
      { timeWindow: [{ duration: "28d", isRolling: false }] },
      {},
      "LL_SLO_OPENSLO spec.timeWindow",
    ],
    [
      "two objectives",
      { objectives: [{ target: 0.9 }, { target: 0.99 }] },
      {},
      "LL_SLO_OPENSLO spec.objectives",
    ],
    [
      "a percentage as target",
      { objectives: [{ target: 99 }] },
      {},
      "LL_SLO_UNIT spec.objectives[0].target",
    ],
    [
      "a share in quotes as target",
      { objectives: [{ target: "0.999" }] },
      {},
      "LL_SLO_UNIT spec.objectives[0].target",
    ],
    ["a service with a quote", { service: 'a"} or vector(1) #' }, {}, "LL_SLO_SHAPE spec.service"],
    ["a gauge", {}, { counter: false }, "LL_SLO_OPENSLO spec.indicator.spec.ratioMetric.counter"],
    ["no part", {}, { good: undefined }, "LL_SLO_OPENSLO spec.indicator.spec.ratioMetric"],
    [
      "labels that stay",
      {},
      { good: source("sum by (pod) (rate(ok[5m]))") },
      "LL_SLO_STRAY_LABEL spec.indicator.spec.ratioMetric.good.metricSource.spec.query",
    ],
    [
      "another store",
      {},
      { good: source("ok", { type: "Datadog" }) },
      "LL_SLO_OPENSLO spec.indicator.spec.ratioMetric.good.metricSource.type",
    ],
    ["an unknown key", { objektives: [] }, {}, "LL_SLO_UNKNOWN_KEY spec.objektives"],
  ])("%s is refused by path", (_, spec, metric, expected) => {
    expect(problemsOf(readOpenSlo([foreign(spec, metric)]))[0]).toBe(expected);
  });

  test.each(["../../x", "a/b", 'a"b', "."])("the name %j is refused", (name) => {
    const named = { ...(foreign({}) as object), metadata: { name } };
    expect(problemsOf(readOpenSlo([named]))).toEqual(["LL_SLO_SHAPE metadata.name"]);
  });

  test("another version and another kind are refused", () => {
    expect(problemsOf(readOpenSlo([{ apiVersion: "openslo/v2", kind: "SLO" }]))).toEqual([
      "LL_SLO_OPENSLO apiVersion",
    ]);
    expect(problemsOf(readOpenSlo([{ apiVersion: "openslo/v1", kind: "SLA" }]))).toEqual([
      "LL_SLO_OPENSLO kind",
    ]);
  });
});
