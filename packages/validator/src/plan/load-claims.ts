import type { Claim } from "@loadline/contract";
import type { LoadManifest } from "./manifest.ts";

export const loadScenarios = ["chat", "stream"] as const;
export type LoadScenarioName = (typeof loadScenarios)[number];

/** One claim of the load stage with what the engine has to count for it. */
export interface LoadClaim {
  readonly claim: Claim;
  readonly scenario: LoadScenarioName;
  readonly metric: "response_time" | "ttft_open" | "errors" | "good";
}

const scenarioText = { chat: "JSON chat", stream: "streamed chat" } as const;

/** The claims decided by load: success and latency of both ways to ask, and goodput. */
export function loadClaims(load: LoadManifest, confidence: number): LoadClaim[] {
  const window = `at ${load.ratePerSecond}/s for ${load.durationSeconds} s`;
  const shared = {
    parts: ["all"],
    confidence,
    required: true,
    category: "Performance & Capacity",
  } as const;
  const quantile = (
    scenario: LoadScenarioName,
    metric: "response_time" | "ttft_open",
    q: number,
    limitMs: number,
  ): LoadClaim => {
    const short = metric === "ttft_open" ? "ttft_p" : "p";
    const percent = Math.round(q * 100);
    const what = metric === "ttft_open" ? "time to first token" : "response time";
    return {
      scenario,
      metric,
      claim: {
        ...shared,
        id: `load.${scenario}.${short}${percent}`,
        statement: `${scenarioText[scenario]} ${what} p${percent} < ${limitMs} ms ${window}, failures counted as over`,
        kind: "quantile",
        of: `load.${scenario}.${metric}`,
        target: q,
        limit: limitMs,
        unit: "ms",
        rationale: "A user waits from the moment of asking, not from the moment of sending.",
        checklist: ["R2-02"],
      },
    };
  };
  const ratio = (scenario: LoadScenarioName, metric: "errors" | "good"): LoadClaim => ({
    scenario,
    metric,
    claim: {
      ...shared,
      id: `load.${scenario}.${metric === "errors" ? "success" : "goodput"}`,
      statement:
        metric === "errors"
          ? `${scenarioText[scenario]} success >= ${load.success * 100} % of due requests ${window}`
          : `${scenarioText[scenario]} answered within ${load.p99Ms} ms, first token within ${load.ttftP95Ms} ms: >= 95 % of due requests ${window}`,
      kind: "proportion",
      of: `load.${scenario}.${metric}`,
      target: metric === "errors" ? load.success : 0.95,
      rationale: "Every due request counts, sent or not, answered or not.",
      checklist: [metric === "errors" ? "R2-02" : "R2-41"],
    },
  });
  return [
    ratio("chat", "errors"),
    quantile("chat", "response_time", 0.95, load.p95Ms),
    quantile("chat", "response_time", 0.99, load.p99Ms),
    ratio("stream", "errors"),
    quantile("stream", "response_time", 0.99, load.p99Ms),
    quantile("stream", "ttft_open", 0.95, load.ttftP95Ms),
    ratio("stream", "good"),
  ];
}

/** Requests each scenario measures: what the plan's n is. */
export function plannedRequests(load: LoadManifest): number {
  return Math.floor(load.ratePerSecond * load.durationSeconds);
}
