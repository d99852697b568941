import { describe, expect, it } from "vitest";
import type { BoundClaim } from "./bound-claim.ts";
import { aggregationsOf, loadMetrics } from "./metrics.ts";
import { claims, closed, code, first, open, steps } from "./to-claims.fixture.ts";
import { type ClaimsInput, toClaims } from "./to-claims.ts";

describe("thresholds become claims", () => {
  it("a percentile of one scenario is a quantile over all due requests", () => {
    const { claim, limits } = first({ "response_time{scenario:chat}": "p(99)<2s" });
    expect(claim).toMatchObject({
      id: "chat.response_time.p99",
      kind: "quantile",
      of: "load.chat.response_time.p99",
      target: 0.99,
      limit: 2_000,
      unit: "ms",
      required: true,
    });
    expect(claim.statement).toContain("p99 < 2 s in this window, failures counted as over");
    expect(limits).toMatchObject([
      { scenario: "chat", metric: "response_time", limitMs: 2_000, quantile: 0.99, part: "all" },
    ]);
  });

  it("without a scenario the counts of all add up in one part", () => {
    const { claim, limits } = first({ http_req_duration: "p(95)<500" });
    expect(claim.parts).toEqual(["all"]);
    expect(limits.map((one) => [one.scenario, one.metric])).toEqual([
      ["chat", "service_time"],
      ["rag", "service_time"],
    ]);
  });

  it("a low rate of failures is a success ratio, a high one is turned round", () => {
    const low = first({ http_req_failed: "rate<0.5%" });
    expect(low.claim).toMatchObject({ kind: "proportion", target: 0.995 });
    expect(low.limits[0]?.invert).toBeUndefined();
    const high = first({ errors: "rate>0.5" });
    expect(high.claim).toMatchObject({ kind: "proportion", target: 0.5 });
    expect(high.limits[0]?.invert).toBe(true);
  });

  it("the name of an outcome counts it alone, observed", () => {
    const { figure, claim } = first({ "errors{class:status_429}": "rate>=50%" });
    expect(claim.kind).toBe("predicate");
    expect(figure).toMatchObject({ of: "ratio", outcome: "status_429", counter: "bad" });
    expect(code(() => claims({ "errors{class:status_430}": "rate==0" }))).toContain('"status_4');
  });

  it("figures of clients and checks are bound by name and tag", () => {
    const checks = ["fine", "fast"];
    const all = first({ checks: "rate>0.9" }, { checks });
    expect(all.limits.map(({ figure }) => figure)).toEqual([
      "check:fine",
      "check:fast",
      "check:fine",
      "check:fast",
    ]);
    const one = first({ "checks{check:fast}": "rate>0.9" }, { checks });
    expect(new Set(one.limits.map(({ figure }) => figure))).toEqual(new Set(["check:fast"]));
    expect(code(() => claims({ "checks{check:fats}": "rate>0.9" }, { checks }))).toContain(
      '"fast"',
    );
    const tool = first({ "mcp_call{tool:search}": "p(95)<1s" });
    expect(tool.limits[0]).toMatchObject({ metric: "figure", figure: "mcp_call{tool:search}" });
    const none = first({ rag_foreign: "count==0" });
    expect(none.figure).toMatchObject({ of: "count", counter: "events" });
  });

  it("p(N)>X asks for a share of slow requests", () => {
    const { claim, limits } = first({ response_time: "p(90)>10ms" });
    expect(claim).toMatchObject({ kind: "proportion", target: 0.1 });
    expect(limits[0]).toMatchObject({ limitMs: 10, invert: true });
  });

  it.each([
    ["response_time", "avg<200"],
    ["response_time", "max<2s"],
    ["response_time", "min>1"],
    ["response_time", "p(100)<2s"],
    ["response_time", "med==5"],
    ["http_reqs", "count>100"],
    ["http_reqs", "rate>5"],
    ["errors", "rate==0"],
    ["errors", "rate<=0"],
    ["dropped_iterations", "count<1"],
  ])("%s: %s is observed in this window, nothing is inferred", (metric, expression) => {
    const { claim, figure } = first({ [metric]: expression });
    expect(claim.kind).toBe("predicate");
    expect(claim.statement).toContain("observed in this window");
    expect(figure).toBeDefined();
  });

  it("a mean or a rate with a confidence is inferred from slices", () => {
    const mean = first({ response_time: "avg<200 confidence(0.95)" }).claim;
    expect(mean).toMatchObject({ kind: "mean", limit: 200, unit: "ms", side: "below" });
    const rate = first({ due: "rate>5 confidence(0.99)" }).claim;
    expect(rate).toMatchObject({ kind: "mean", limit: 5, unit: "/s", side: "above" });
  });

  it("goodput needs what good means, and counts as a ratio or per second", () => {
    const slo = { responseTimeMs: 2_000 };
    expect(first({ good: "rate>0.95" }, { slo }).limits[0]).toMatchObject({ metric: "good", slo });
    const rate = first({ "good{scenario:chat}": "rate>=20/s" }, { slo });
    expect(rate.figure).toMatchObject({ of: "per_second", counter: "ok" });
    expect(code(() => claims({ good: "rate>0.95" }))).toMatch(/^LL_LOAD_PLAN_INVALID/);
  });

  it("a rate is refused on a closed model, where users decide it", () => {
    const scenarios = { chat: closed };
    for (const metric of ["http_reqs", "iterations", "due"]) {
      const made = code(() => claims({ [metric]: "rate>5" }, { scenarios }));
      expect(made).toMatch(/^LL_LOAD_CLAIM_MODEL/);
    }
    expect(code(() => claims({ errors: "rate<0.01" }, { scenarios }))).toBe("");
  });

  it("output tokens per second are the rate of output_tokens under a name of its own", () => {
    const named = first({ "output_tokens_per_s{scenario:chat}": "value>=500" });
    const rated = first({ "output_tokens{scenario:chat}": "rate>=500" });
    expect(named.figure).toEqual(rated.figure);
    expect(named.figure).toMatchObject({ of: "per_second", witnesses: ["output_tokens"] });
    expect(named.limits.map(({ scenario, figure }) => [scenario, figure])).toEqual([
      ["chat", "output_tokens"],
    ]);
    expect(named.claim.id).toBe("chat.output_tokens_per_s.value");
    expect(named.claim.statement).toMatch(/^output_tokens_per_s\{scenario:chat\} rate >= 500\/s, /);
    expect(code(() => claims({ output_tokens_per_s: "rate>=500" }))).toMatch(
      /^LL_LOAD_THRESHOLD_TYPE .*it has value/,
    );
    const users = { scenarios: { chat: closed } };
    expect(code(() => claims({ output_tokens_per_s: "value>=500" }, users))).toMatch(
      /^LL_LOAD_CLAIM_MODEL/,
    );
  });

  it("a baseline is a comparison, and without an A/B arm it says so", () => {
    const { claim, notes, baseline } = first({ response_time: "p(95)<baseline+10%" });
    expect(claim).toMatchObject({ kind: "comparison", limit: 0.1, unit: "ratio" });
    expect(baseline).toMatchObject({ quantile: 0.95, metric: "response_time" });
    expect(notes[0]).toContain("not_tested");
    expect(code(() => claims({ errors: "rate<baseline+10%" }))).toMatch(/^LL_LOAD_THRESHOLD_TYPE/);
  });

  it("a step is counted alone", () => {
    const scenarios = { tools: steps, chat: open };
    const { limits, claim } = first({ "response_time{step:call}": "p(95)<1s" }, { scenarios });
    expect(limits).toMatchObject([{ scenario: "tools", step: "call" }]);
    expect(claim.id).toBe("all.call.response_time.p95");
    expect(code(() => claims({ "response_time{step:cal}": "p(95)<1s" }, { scenarios }))).toContain(
      'Did you mean "call"?',
    );
  });

  it("p(100) is the largest value and p(0) the least: no other rank stands for them", () => {
    const figure = (threshold: string) => first({ response_time: threshold }).figure;
    expect(figure("p(100)<2s")).toMatchObject({ of: "trend", aggregation: "max" });
    expect(figure("p(0)>1ms")).toMatchObject({ of: "trend", aggregation: "min" });
    expect(first({ response_time: "p(100)<2s" }).claim.statement).toContain("p(100) < ");
  });

  it.each([
    ["icl", "p(99)<50", "figure"],
    ["tokens_per_event", "avg<4", "figure"],
    ["events_per_read", "avg<4", "figure"],
    ["output_tokens_per_s_per_user", "p(5)>20", "figure"],
    ["buffered_streams", "rate<5%", "figure"],
    ["output_tokens", "count>1000", "figure"],
    ["pacer_lag", "p(99)<1ms", "pacer_lag"],
    ["queue_wait", "p(95)<10ms", "queue_wait"],
    ["iterations", "count>10", "iteration_duration"],
    ["iteration_duration", "p(95)<1s", "iteration_duration"],
    ["http_req_receiving", "p(95)<1s", "http_req_receiving"],
    ["vus", "value<9", "errors"],
    ["vus_max", "value<9", "errors"],
  ])("%s is counted for %s", (metric, threshold, recorded) => {
    const { limits, notes } = first({ [metric]: threshold });
    expect(limits.map((one) => one.metric)).toEqual([recorded, recorded]);
    expect(notes.filter((note) => note.includes("not_tested"))).toEqual([]);
  });

  it("events that only some answers can bring name what says that there were some", () => {
    const seen = (key: string) => first({ [key]: "count==0" }).figure?.witnesses;
    expect(seen("mcp_tool_errors")).toEqual(["mcp_call"]);
    expect(seen("rag_foreign")).toEqual(["rag_visible", "rag_hit"]);
    expect(seen("dropped_iterations")).toBeUndefined();
  });

  it("iterations and users are of a whole scenario: a step of it has none", () => {
    const scenarios = { tools: steps };
    for (const [metric, threshold] of [
      ["iterations", "count>1"],
      ["iteration_duration", "p(95)<1s"],
      ["dropped_iterations", "count==0"],
      ["vus", "value<9"],
    ] as const) {
      const made = code(() => claims({ [`${metric}{step:call}`]: threshold }, { scenarios }));
      expect(made).toMatch(/^LL_LOAD_THRESHOLD_TYPE .*a step has none/);
      expect(code(() => claims({ [metric]: threshold }, { scenarios }))).toBe("");
    }
  });

  it("k6's counters mean what k6 means, an own gauge every value it was given", () => {
    const counter = (metric: string, threshold: string, own: ClaimsInput["metrics"] = []) =>
      first({ [metric]: threshold }, { metrics: own }).figure?.counter;
    expect(counter("http_reqs", "count>1")).toBe("sent");
    expect(counter("iterations", "count>1")).toBe("iterations");
    expect(counter("due", "count>1")).toBe("due");
    expect(counter("vus", "value>1")).toBe("vus");
    const depth = { name: "depth", type: "gauge", quantity: "count" } as const;
    expect(counter("depth", "value<5", [depth])).toBe("gauge");
    const { notes } = first({ depth: "value<5" }, { metrics: [depth] });
    expect(notes[0]).toContain("every value");
  });

  it("what is not counted by seconds has no mean of seconds", () => {
    expect(first({ due: "rate>5 confidence(0.95)" }).claim.kind).toBe("mean");
    for (const metric of ["iterations", "http_reqs", "dropped_iterations"]) {
      const made = code(() => claims({ [metric]: "rate>5 confidence(0.95)" }));
      expect(made).toMatch(
        /^LL_LOAD_THRESHOLD_TYPE .*no confidence\(\); due is counted by seconds/,
      );
    }
  });

  it.each(loadMetrics.map((row) => [row.name, row] as const))(
    "%s, which a threshold may name, is counted for it",
    (name, { type }) => {
      const expression = {
        trend: "p(95)<1000",
        rate: "rate<0.01",
        counter: "count<5",
        gauge: "value<5",
      }[type];
      const declared = name === "checks" ? ["c"] : [];
      expect(
        claims({ [name]: expression }, { checks: declared, slo: { ttftMs: 1 } })[0]?.limits,
      ).not.toEqual([]);
    },
  );

  it("the table of metrics names each once and every type has aggregations", () => {
    const names = loadMetrics.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { type } of loadMetrics) expect(aggregationsOf(type).length).toBeGreaterThan(0);
  });
});

describe("what every plan promises", () => {
  const ids = (all: readonly BoundClaim[]): string[] => all.map(({ claim }) => claim.id);

  it("without thresholds: alive and 95 % success of every scenario", () => {
    const all = claims({});
    expect(ids(all)).toEqual(["load.errors", "load.alive"]);
    expect(all[0]?.claim).toMatchObject({ parts: ["chat", "rag"], target: 0.95 });
    expect(all[1]?.claim).toMatchObject({ kind: "predicate", parts: ["chat", "rag"] });
  });

  it("a scenario with its own error claim leaves the default one", () => {
    const one = claims({ "errors{scenario:chat}": "rate<1%" });
    expect(one.find(({ claim }) => claim.id === "load.errors")?.claim.parts).toEqual(["rag"]);
    expect(ids(claims({ errors: "rate<1%" }))).not.toContain("load.errors");
  });

  it("an optional, a turned-round or a step's error claim does not take the default's place", () => {
    const optional = { threshold: "rate<1%", required: false };
    expect(ids(claims({ errors: optional }))).toContain("load.errors");
    expect(ids(claims({ errors: "rate>1%" }))).toContain("load.errors");
    const scenarios = { tools: steps };
    expect(ids(claims({ "errors{step:call}": "rate<1%" }, { scenarios }))).toContain("load.errors");
  });

  it("two thresholds of one name get ids of their own", () => {
    const thresholds = { response_time: [{ threshold: "p(95)<1s" }, { threshold: "p(95)<2s" }] };
    const all = toClaims({
      scenarios: { chat: open },
      thresholds,
      confidence: 0.95,
      hasBaseline: false,
    });
    expect(ids(all).slice(0, 2)).toEqual(["all.response_time.p95", "all.response_time.p95-2"]);
  });
});
