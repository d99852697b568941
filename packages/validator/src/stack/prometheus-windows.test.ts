import { describe, expect, it } from "vitest";
import type { StackRule } from "./probe.ts";
import { windowProbes } from "./probes/prometheus-windows.ts";
import { prometheusService } from "./services/prometheus.ts";
import { startPrometheusTwin } from "./stubs/prometheus.ts";
import { againstTwin } from "./twin-suite.fixture.ts";

const chat = {
  name: "chat",
  good: 'http_requests_total{code!~"5.."}',
  total: "http_requests_total",
  seconds: 3_600,
  objective: 0.995,
};
const id = "it.window.chat";

const vector = (value: string): string =>
  `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1700000000,"${value}"]}]}}`;
const query = (text: string): string => `GET /api/v1/query?query=${encodeURIComponent(text)}`;
const matrix = (count: number): string => {
  const values = Array.from({ length: count }, (_, at) => [1_700_000_000 + 60 * at, "1"]);
  return JSON.stringify({
    status: "success",
    data: { resultType: "matrix", result: count === 0 ? [] : [{ metric: {}, values }] },
  });
};

interface Stored {
  readonly good?: string;
  readonly total?: string;
  readonly present?: number;
}

/** A Prometheus that has stored an hour in samples of a minute. */
function stored({ good = "9990", total = "10000", present = 60 }: Stored = {}): StackRule[] {
  return [
    {
      when: `${query("time()")} `,
      reply:
        '{"status":"success","data":{"resultType":"scalar","result":[1700003600,"1700003600"]}}',
    },
    { when: query(`sum(increase(${chat.good}[3600s]))`), reply: vector(good) },
    { when: query(`sum(increase(${chat.total}[3600s]))`), reply: vector(total) },
    { when: "GET /api/v1/query_range?", reply: matrix(present) },
  ];
}

async function judge(rules: readonly StackRule[], more: object = {}): Promise<string> {
  const { words } = await againstTwin(startPrometheusTwin, rules, {
    windows: [{ ...chat, ...more }],
  });
  return words[id] ?? "";
}

describe("a stored window of Prometheus", () => {
  it("passes where good of total keep the objective and the samples are there", async () => {
    const result = await againstTwin(startPrometheusTwin, stored(), { windows: [chat] });
    expect(result.words[id]).toBe("passed");
    expect(result.sentences[id]).toContain("99.9 % of 10,000 were good in 1 h 0 m, 60 of 60");
    expect(result.exitCode).toBe(0);
  });

  it("fails below the objective, with a finding; its saboteur does so and breaks no other", async () => {
    expect(await judge(stored({ good: "9949" }))).toBe("failed limit");
    const [probe] = windowProbes(
      prometheusService.parse({ kind: "prometheus", url: "http://127.0.0.1:1", windows: [chat] }),
    );
    const rules = [...(probe?.saboteur ?? []), ...stored()];
    const result = await againstTwin(startPrometheusTwin, rules, { windows: [chat] });
    const failed = Object.entries(result.words).filter(([, word]) => word !== "passed");
    expect(failed).toEqual([[id, "failed limit"]]);
    expect(result.evidence).toContain('"kind":"finding"');
  });

  it("a hole in the samples keeps it open, and no sample is never 0 errors", async () => {
    expect(await judge(stored({ present: 57 }))).toBe("passed");
    expect(await judge(stored({ present: 56 }))).toBe("inconclusive gaps");
    expect(await judge(stored({ present: 0, good: "0", total: "0" }))).toBe("inconclusive gaps");
    expect(await judge(stored({ good: "0", total: "0" }))).toBe("not_tested not_run");
  });

  it("good a hair over total by its edges counts as all, far over it as a broken question", async () => {
    expect(await judge(stored({ good: "10005" }))).toBe("passed");
    expect(await judge(stored({ good: "10100" }))).toBe("error evidence");
  });

  it("a Prometheus that refuses the question leaves the claim not tested, with what it said", async () => {
    const rules = [
      { when: `${query("time()")} `, status: 400, reply: '{"status":"error","error":"bad_data"}' },
      ...stored(),
    ];
    expect(await judge(rules)).toBe("not_tested baseline_broken");
    const down = [{ when: "GET /", status: 503, reply: "no" }];
    expect(await judge(down)).toBe("not_tested baseline_broken");
  });

  it("a plan may promise more of the same window", async () => {
    const { parsePlanFile } = await import("../plan/load-plan-file.ts");
    const services = {
      it: { kind: "prometheus", url: "http://127.0.0.1:1", windows: [chat] },
    };
    const own = {
      id: "mine.chat",
      statement: "chat is good in 99.99 % of this hour",
      kind: "window_slo",
      of: "stack.it.window.chat",
      target: "99.99 %",
      category: "Monitoring & Observability",
      rationale: "what the contract with the customer says",
    };
    const parsed = parsePlanFile(JSON.stringify({ stack: { services }, claims: [own] }));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const windows = parsed.plan.claims.filter(({ kind }) => kind === "window_slo");
    expect(windows.map(({ of, target }) => [of, target])).toEqual([
      ["stack.it.window.chat", 0.995],
      ["stack.it.window.chat", 0.9999],
    ]);
  });

  it.each([
    ["a function in place of a counter", { good: "rate(x[5m])" }],
    ["an objective of 100 %", { objective: 1 }],
    ["a window shorter than a sample", { seconds: 30 }],
    ["more samples than Prometheus answers", { seconds: 864_000, sampleSeconds: 1 }],
    ["a name with a dot", { name: "a.b" }],
  ])("%s is refused", (_, more) => {
    const windows = [{ ...chat, ...more }];
    const read = { kind: "prometheus", url: "http://127.0.0.1:1", windows };
    expect(prometheusService.safeParse(read).success).toBe(false);
    const twice = { ...read, windows: [chat, chat] };
    expect(prometheusService.safeParse(twice).success).toBe(false);
  });
});
