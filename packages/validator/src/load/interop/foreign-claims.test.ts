import { describe, expect, it } from "vitest";
import { foreignClaims } from "./foreign-claims.ts";
import { type ForeignMetric, foreignMetric, type ForeignRun } from "./foreign.ts";

/** A run of 200 requests without a failure, whose durations have these figures. */
function run(figures: Record<string, number>, rounding: ForeignMetric["rounding"]): ForeignRun {
  const time = { selector: "http_req_duration", kind: "trend", isTime: true } as const;
  const failed = { selector: "http_req_failed", kind: "rate", trues: 0 } as const;
  const metrics = [
    foreignMetric({ ...time, count: 200, figures, rounding }),
    foreignMetric({ ...failed, count: 200, figures: { rate: 0 } }),
  ];
  return {
    tool: "locust",
    format: "locust-json",
    version: null,
    measuredAt: null,
    metrics: new Map(metrics.map((one) => [one.selector, one])),
    thresholds: [],
    failures: [],
    notes: [],
  };
}

/** What a threshold on the durations comes to: whether it holds, or why nothing is said of it. */
function said(of: ForeignRun, threshold: string): string {
  const specs = [{ selector: "http_req_duration", threshold, id: "asked" }];
  const made = foreignClaims(of, specs, { confidence: 0.95, accepts: true });
  const evidence = made.find(({ claim }) => claim.id === "asked")?.evidence;
  if (evidence?.kind === "none") return evidence.sentence;
  return evidence?.kind === "observations" ? String(evidence.parts[0]?.ok) : "tallies";
}

describe("a figure of another tool against its limit", () => {
  it("rounded to two digits decides only limits that its rounding does not reach", () => {
    const locust = run({ "p(95)": 140, med: 51, max: 143, avg: 60.2 }, "two-digits");
    expect(said(locust, "p(95)>134")).toBe("true");
    expect(said(locust, "p(95)>146")).toBe("false");
    const reached = ["p(95)>136", "p(95)>140", "p(95)>=144", "p(95)==140", "p(95)!=140"];
    for (const threshold of [...reached, "p(95)==143", "p(95)!=143"]) {
      expect(said(locust, threshold), threshold).toMatch(
        /was 140 ms, give or take 5: its rounding/,
      );
    }
    expect([said(locust, "p(95)!=146"), said(locust, "p(95)==146")]).toEqual(["true", "false"]);
    expect(said(locust, "med>50.7")).toMatch(/was 51 ms, give or take 0\.5/);
    expect(said(locust, "med>50")).toBe("true");
  });

  it("extremes and averages are not rounded, nor is any figure of a tool that does not round", () => {
    const locust = run({ "p(95)": 140, med: 51, max: 143, avg: 60.2 }, "two-digits");
    expect([said(locust, "max<144"), said(locust, "max<143")]).toEqual(["true", "false"]);
    expect([said(locust, "avg<60.3"), said(locust, "avg<60.2")]).toEqual(["true", "false"]);
    const k6 = run({ "p(95)": 140 }, "interpolated");
    expect([said(k6, "p(95)>139.9"), said(k6, "p(95)>140")]).toEqual(["true", "false"]);
  });

  it("a share of slow requests keeps both bounds: it is no figure", () => {
    expect(said(run({ "p(95)": 140 }, "two-digits"), "p(95)<150")).toBe("tallies");
  });
});
