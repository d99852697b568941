import { describe, expect, test } from "vitest";
import { compileSlos } from "./compile.ts";
import { dayMs, defaultIntervals, hourMs, plainSlo, type Slo } from "./model.ts";
import { readSamples } from "./selector.ts";
import { lintSlos, requiredBuckets } from "./slo-lint.ts";

const good: Slo = plainSlo({
  id: "chat.availability",
  service: "chat",
  sli: { kind: "ratio", bad: 'calls_total{code="500"}', total: "calls_total" },
  objective: 0.995,
  windowMs: 30 * dayMs,
  runbook: "https://runbooks.example.org",
});
const slow: Slo = {
  ...good,
  id: "chat.latency",
  sli: { kind: "latency", underMs: 2000, histogram: "took", bounds: [1, 2] },
};
const page = readSamples(
  [
    'calls_total{code="200"} 7',
    'calls_total{code="500"} 0',
    "took_count 7",
    'took_bucket{le="1"} 7',
    'took_bucket{le="2.0"} 7',
    'took_bucket{le="+Inf"} 7',
  ].join("\n"),
);

/** Each refusal of the design with the smallest change that calls for it. */
const refusals: readonly [string, Slo, string][] = [
  [
    "an impossible factor on both page pairs",
    { ...good, objective: 0.8 },
    "LL_SLO_NO_PAGE slos[0].objective",
  ],
  [
    "a threshold that is no bound",
    { ...slow, sli: { kind: "latency", underMs: 1900, histogram: "took", bounds: [1, 2] } },
    "LL_SLO_BUCKET slos[0].sli.under",
  ],
  [
    "a label that alerts are routed by",
    { ...good, labels: { severity: "x" } },
    "LL_SLO_STRAY_LABEL slos[0].labels.severity",
  ],
  [
    "a label of a window",
    { ...good, labels: { sloth_window: "x" } },
    "LL_SLO_STRAY_LABEL slos[0].labels.sloth_window",
  ],
  [
    "a label that is no name",
    { ...good, labels: { "a-b": "x" } },
    "LL_SLO_STRAY_LABEL slos[0].labels.a-b",
  ],
  ["an objective of 1", { ...good, objective: 1 }, "LL_SLO_OBJECTIVE slos[0].objective"],
  ["an objective of 0", { ...good, objective: 0 }, "LL_SLO_OBJECTIVE slos[0].objective"],
  [
    "a loss that is allowed",
    { ...good, sli: { kind: "loss", lost: "lost" }, objective: 0.9 },
    "LL_SLO_OBJECTIVE slos[0].objective",
  ],
  [
    "traffic too thin to page on",
    { ...good, traffic: { expectedRps: 0.001, minEvents: 20 } },
    "LL_SLO_THIN slos[0].traffic",
  ],
  [
    "no runbook",
    plainSlo({
      id: good.id,
      service: good.service,
      sli: good.sli,
      objective: 0.995,
      windowMs: 30 * dayMs,
    }),
    "LL_SLO_RUNBOOK slos[0].runbook",
  ],
  ["burn alerts over 6 days", { ...good, windowMs: 6 * dayMs }, "LL_SLO_PERIOD slos[0].window"],
];

describe("what is refused before rules are written", () => {
  test.each(refusals)("%s", (_, slo, expected) => {
    const { problems } = lintSlos([slo]);
    expect(problems.map(({ code, path }) => `${code} ${path}`)).toEqual([expected]);
    const made = compileSlos({
      slos: [good, slo],
      receivers: [],
      intervals: defaultIntervals,
      claims: [],
    });
    expect(made.ok).toBe(false);
  });

  test("objectives with nothing wrong are not refused", () => {
    expect(lintSlos([good, slow], page)).toEqual({
      problems: [],
      notChecked: [],
      leftOut: [],
      unwatched: [],
    });
  });

  test("one impossible pair is left out by name, the other keeps paging", () => {
    const { problems, leftOut } = lintSlos([{ ...good, objective: 0.93 }]);
    expect([problems, leftOut]).toEqual([
      [],
      ["chat.availability: page fast (factor x budget is 1 or more)"],
    ]);
  });

  test("ticket-only and adapt make a loose objective possible", () => {
    const loose = { ...good, objective: 0.8 };
    for (const mode of ["ticket-only", "adapt"] as const) {
      expect(lintSlos([{ ...loose, alerts: { mode, static: [] } }]).problems).toEqual([]);
    }
    const few: Slo = {
      ...good,
      traffic: { expectedRps: 0.001, minEvents: 20 },
      alerts: { mode: "ticket-only", static: [] },
    };
    expect(lintSlos([few]).problems).toEqual([]);
  });

  test("a period below 7 days is in order with static alerts", () => {
    expect(
      lintSlos([{ ...good, windowMs: hourMs, alerts: { mode: "static", static: [] } }]).problems,
    ).toEqual([]);
  });
});

describe("rules about live series", () => {
  test("without a page they are named as not checked", () => {
    expect(lintSlos([good]).notChecked).toHaveLength(2);
    expect(lintSlos([good], page).notChecked).toEqual([]);
  });

  test("a series of failures that is not there before the first one is refused", () => {
    const born = readSamples('calls_total{code="200"} 7');
    const { problems } = lintSlos([good], born);
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ["LL_SLO_ZERO_START", 'the page has no calls_total{code="500"}'],
    ]);
    expect(
      lintSlos([{ ...good, objective: 1, sli: { kind: "loss", lost: "lost" } }], page).problems[0]
        ?.code,
    ).toBe("LL_SLO_ZERO_START");
  });

  test("the bounds of the page count, not those of the file", () => {
    const other: Slo = {
      ...slow,
      sli: { kind: "latency", underMs: 3000, histogram: "took", bounds: [3] },
    };
    expect(lintSlos([other], page).problems.map(({ code, message }) => [code, message])).toEqual([
      ["LL_SLO_BUCKET", "3 s is not among 1, 2"],
    ]);
    const gone: Slo = { ...slow, sli: { kind: "latency", underMs: 2000, histogram: "gone" } };
    expect(lintSlos([gone], page).problems.map(({ code }) => code)).toEqual([
      "LL_SLO_ZERO_START",
      "LL_SLO_ZERO_START",
    ]);
  });

  test("the bounds that histograms need are told by histogram", () => {
    const faster: Slo = { ...slow, sli: { kind: "latency", underMs: 500, histogram: "took" } };
    expect([...requiredBuckets([good, slow, faster])]).toEqual([["took", [0.5, 2]]]);
  });
});
