import { describe, expect, it } from "vitest";
import { claims, code, open } from "./to-claims.fixture.ts";
import { toClaims } from "./to-claims.ts";

describe("errors name what is there", () => {
  it.each([
    ["respons_time", "p(95)<1", /^LL_LOAD_METRIC_UNKNOWN .*Did you mean "response_time"/],
    ["response_time{scenario:cat}", "p(95)<1", /^LL_LOAD_METRIC_UNKNOWN .*Did you mean "chat"/],
    ["response_time{scenari:chat}", "p(95)<1", /^LL_LOAD_METRIC_UNKNOWN .*"scenario"/],
    [
      "http_req_duration{expected_response:true}",
      "p(95)<500",
      /^LL_LOAD_METRIC_UNKNOWN .*no tag expected_response \(k6's, .* counts as over the limit, so leave the tag out/,
    ],
    ["response_time{chat}", "p(95)<1", /^LL_LOAD_THRESHOLD_SYNTAX .*>>>chat/],
    ["response_time", "p( 95)<1", /^LL_LOAD_THRESHOLD_SYNTAX .*column 3: p\(>>> 95\)<1/],
    ["response_time", "rate<1", /^LL_LOAD_THRESHOLD_TYPE .*avg, min, max, med, p\(N\)/],
    ["errors", "p(95)<1", /^LL_LOAD_THRESHOLD_TYPE .*it has rate/],
    ["vus", "count<1", /^LL_LOAD_THRESHOLD_TYPE .*it has value/],
    ["response_time", "p(95)<5%", /^LL_LOAD_THRESHOLD_TYPE .*use us ms s m/],
    ["errors", "rate<5ms", /^LL_LOAD_THRESHOLD_TYPE .*use %/],
    ["response_time", "avg<1s over(60s)", /^LL_LOAD_THRESHOLD_TYPE .*over\(\)/],
  ])("%s: %s", (metric, expression, expected) => {
    expect(code(() => claims({ [metric]: expression }))).toMatch(expected);
  });

  it("65 thresholds are above the cap", () => {
    const list = Array.from({ length: 65 }, (_, i) => ({ threshold: `p(95)<${i + 1}s` }));
    const input = { scenarios: { chat: open }, confidence: 0.95, hasBaseline: false };
    expect(code(() => toClaims({ ...input, thresholds: { response_time: list } }))).toMatch(
      /^LL_LOAD_ABOVE_CAP/,
    );
  });
});
