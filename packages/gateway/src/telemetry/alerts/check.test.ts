import { describe, expect, it } from "vitest";
import { checkWatched } from "./check.ts";
import { isSelected, readSamples, readSelector } from "@loadline/contract/selector";

const startS = 1_000_000;
const hourS = 3600;

interface Figures {
  readonly calls?: number;
  readonly refused?: number;
  readonly keys?: number;
  readonly badKeys?: number;
  readonly fast?: number;
  readonly opened?: readonly number[];
}

/** A metrics page with these counts. */
function page(f: Figures): string {
  const { calls = 1000, refused = 0, keys = 1000, badKeys = 0, opened = [0] } = f;
  return [
    "# TYPE loadline_requests counter",
    `loadline_requests_total{operation="chat",route="r",status="200"} ${calls}`,
    'loadline_requests_total{operation="healthz",route="_none",status="200"} 50000',
    `loadline_limit_decisions_total{scope="key",resource="requests",decision="refused"} ${refused}`,
    'loadline_limit_decisions_total{scope="key",resource="requests",decision="admitted"} 9000',
    'loadline_limit_decisions_total{scope="address",resource="failures",decision="refused"} 900',
    `loadline_auth_total{via="key",outcome="ok",code="_none"} ${keys - badKeys}`,
    `loadline_auth_total{via="key",outcome="refused",code="LL_AUTH_INVALID"} ${badKeys}`,
    `loadline_overhead_seconds_bucket{le="0.1"} ${f.fast ?? calls}`,
    `loadline_overhead_seconds_count ${calls}`,
    ...opened.map(
      (count, i) =>
        `loadline_breaker_transitions_total{target="t${i}",from="closed",to="open"} ${count}`,
    ),
    `process_start_time_seconds ${startS}`,
    "# EOF",
  ].join("\n");
}

function states(f: Figures, hours = 2): Record<string, string> {
  const figures = checkWatched(page(f), startS + hours * hourS);
  return Object.fromEntries(figures.map(({ id, state }) => [id, state]));
}

const allWithin = {
  limit_hits: "within",
  auth_failures: "within",
  overhead_over_100ms: "within",
  breaker_changes: "within",
};

describe("the four watched figures of a metrics page", () => {
  it("each is within at its bound and over just beyond it, alone [R0-27]", () => {
    const atBound = { refused: 50, badKeys: 10, fast: 990, opened: [12, 3] };
    expect(states(atBound)).toEqual(allWithin);
    expect(states({ ...atBound, refused: 51 })).toEqual({ ...allWithin, limit_hits: "over" });
    expect(states({ ...atBound, badKeys: 11 })).toEqual({ ...allWithin, auth_failures: "over" });
    const slow = { ...atBound, fast: 989 };
    expect(states(slow)).toEqual({ ...allWithin, overhead_over_100ms: "over" });
    const flapping = { ...atBound, opened: [3, 13] };
    expect(states(flapping)).toEqual({ ...allWithin, breaker_changes: "over" });
  });

  it("below 100 events a share is neither within nor over", () => {
    const few = { calls: 99, refused: 99, keys: 99, badKeys: 99, fast: 0 };
    expect(states(few)).toEqual({
      limit_hits: "too_few",
      auth_failures: "too_few",
      overhead_over_100ms: "too_few",
      breaker_changes: "within",
    });
    expect(states({ ...few, calls: 100, keys: 100 })["limit_hits"]).toBe("over");
  });

  it("breakers need an hour to be rare, but seven openings are too many at once", () => {
    expect(states({ opened: [0] }, 0.9)["breaker_changes"]).toBe("too_few");
    expect(states({ opened: [0] }, 1)["breaker_changes"]).toBe("within");
    expect(states({ opened: [7] }, 0.1)["breaker_changes"]).toBe("over");
  });

  it("a page without the series leaves all four absent", () => {
    const figures = checkWatched("up 1\nnot a sample at all {\n", startS);
    expect(figures.map(({ state, observed }) => [state, observed])).toEqual(
      figures.map(() => ["absent", null]),
    );
  });

  it("what was counted is said in words", () => {
    const [hits] = checkWatched(page({ refused: 51 }), startS + hourS);
    expect(hits?.text).toBe(
      "51 of 1000 model requests were refused by a limit; at most 5 % may be",
    );
    expect(hits?.observed).toBe(0.051);
  });
});

describe("selectors", () => {
  const [sample] = readSamples('a_total{x="one",y="t\\"wo"} 3.5 # {trace="1"} 1');

  it("a sample is read with its labels, exemplars left out", () => {
    expect(sample?.value).toBe(3.5);
    expect(sample?.labels.get("x")).toBe("one");
  });

  it.each([
    ["a_total", true],
    ['a_total{x="one"}', true],
    ['a_total{x="on"}', false],
    ['a_total{x=~"on"}', false],
    ['a_total{x=~"on.|two"}', true],
    ['a_total{x!="one"}', false],
    ['a_total{x!~"t.*"}', true],
    ['a_total{none=""}', true],
    ['b_total{x="one"}', false],
  ])("%s takes it: %s", (text, isTaken) => {
    expect(sample && isSelected(sample, readSelector(text))).toBe(isTaken);
  });
});
