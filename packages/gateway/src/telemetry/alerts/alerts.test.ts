import { createMetrics } from "@loadline/kit/metrics";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Running, runGateway } from "../../../test/harness.ts";
import { createTlsMetrics } from "../../tls/metrics.ts";
import { createWorkerMetrics } from "../../workers/metrics.ts";
import { checkWatched } from "./check.ts";
import { isSelected, readSamples, readSelector, type Sample } from "@loadline/contract/selector";
import { ruleGroups, rulesFile } from "./rules-file.ts";

const options = { objective: 99.5, job: "loadline" };
const groups = ruleGroups(options);
const alerts = groups.flatMap((group) => group.alerts);
const recordings = groups.flatMap((group) => group.recordings);
const expressions = [...alerts, ...recordings].map((rule) => rule.expr);

/** Selectors of an expression; words in quotes are none. */
function selectorsOf(expr: string): readonly string[] {
  return [...expr.matchAll(/(?<!["\w:.])(?:loadline[_:]|process_|slo:)[\w:]*(?:\{[^}]*\})?/g)].map(
    ([text]) => text,
  );
}

/** Why a selector can never take anything of these samples; empty when each word of it can. */
function unknownWords(text: string, samples: readonly Sample[]): readonly string[] {
  const { name, matchers } = readSelector(text);
  if (name.includes(":")) {
    return recordings.some((rule) => rule.record === name) ? [] : [`${name} is not recorded`];
  }
  const family = samples.filter((sample) => sample.name === name);
  if (family.length === 0) return [`${name} is not exported`];
  return matchers.flatMap(({ label, op, value }) =>
    (op.includes("~") ? value.split("|") : [value])
      .filter((one) => {
        const kind = op.includes("~") ? "=~" : "=";
        const matcher = { label, op: kind, value: one };
        return !family.some((sample) => isSelected(sample, { name, matchers: [matcher] }));
      })
      .map((one) => `${name} has no ${label}="${one}"`),
  );
}

describe("alert rules beside the metrics page of a started gateway", () => {
  let running: Running;
  let samples: readonly Sample[] = [];

  beforeAll(async () => {
    running = await runGateway({
      prices: { sim: { input: 1, output: 1 } },
      limits: [{ scope: "global", resource: "money", limit: 10, period: "day" }],
    });
    const rest = createMetrics();
    createTlsMetrics(rest, () => 0);
    createWorkerMetrics(rest, () => ({ restarts: 0, serving: 2 }));
    const page = await (await running.get("/metrics")).text();
    samples = readSamples(page + rest.render());
  });
  afterAll(() => running[Symbol.asyncDispose]());

  it("each metric and label value named in an expression is exported from the start [R0-27]", () => {
    const named = expressions.flatMap(selectorsOf);
    expect(named.length).toBeGreaterThan(expressions.length);
    expect(named.flatMap((text) => unknownWords(text, samples))).toEqual([]);
  });

  it("a renamed metric, label or value is found", () => {
    for (const [text, why] of [
      ["loadline_requests", "loadline_requests is not exported"],
      ['loadline_auth_total{outcome="denied"}', 'loadline_auth_total has no outcome="denied"'],
      ['loadline_auth_total{result="ok"}', 'loadline_auth_total has no result="ok"'],
      [
        'loadline_requests_total{operation=~"chat|speech"}',
        'loadline_requests_total has no operation="speech"',
      ],
      ["loadline:gone:rate", "loadline:gone:rate is not recorded"],
    ] as const) {
      expect(unknownWords(text, samples)).toEqual([why]);
    }
  });

  it("labels that are summed over or shown are labels of a series", () => {
    const own = new Set(["job", "instance", "sloth_window"]);
    for (const sample of samples) for (const label of sample.labels.keys()) own.add(label);
    const summed = expressions.flatMap((expr) =>
      [...expr.matchAll(/\b(?:by|without|on) \(([^)]*)\)/g)].flatMap(([, list = ""]) =>
        list === "" ? [] : list.split(", "),
      ),
    );
    const shown = alerts.flatMap(({ summary }) =>
      [...summary.matchAll(/\$labels\.(\w+)/g)].map(([, label = ""]) => label),
    );
    expect(summed.length).toBeGreaterThan(5);
    expect(shown.length).toBeGreaterThan(5);
    expect([...summed, ...shown].filter((label) => !own.has(label))).toEqual([]);
  });

  it("a started gateway has too little to be called within, and nothing that is over [R0-27]", () => {
    const text = samples.map(({ name, labels, value }) => {
      const inner = [...labels].map(([label, is]) => `${label}="${is}"`).join(",");
      return `${name}{${inner}} ${value}`;
    });
    const states = checkWatched(text.join("\n"), Date.UTC(2026, 0) / 1000);
    expect(states.map(({ id }) => id)).toEqual([
      "limit_hits",
      "auth_failures",
      "overhead_over_100ms",
      "breaker_changes",
    ]);
    expect(new Set(states.map(({ state }) => state))).toEqual(new Set(["too_few"]));
  });
});

describe("the rules file", () => {
  it("every alert has a severity, a summary and a remedy of more than a few words", () => {
    for (const { name, severity, summary, remedy } of alerts) {
      expect(["page", "ticket"], name).toContain(severity);
      expect(summary.split(" ").length, name).toBeGreaterThan(3);
      expect(remedy.split(" ").length, name).toBeGreaterThan(10);
    }
  });

  it("the four watched figures are recorded, each with an alert at its bound [R0-27]", () => {
    const watchedRules = groups[0];
    expect(watchedRules?.recordings.map((rule) => rule.record)).toEqual([
      "loadline:limit_hits:ratio_rate15m",
      "loadline:auth_failures:ratio_rate15m",
      "loadline:overhead_over_100ms:ratio_rate15m",
      "loadline:breaker_changes:increase1h",
    ]);
    const bounds = watchedRules?.alerts.map(({ name, expr }) => [name, / > (\S+)/.exec(expr)?.[1]]);
    expect(bounds).toEqual([
      ["LimitHits", "0.05"],
      ["AuthFailures", "0.01"],
      ["OverheadHigh", "0.01"],
      ["BreakerFlapping", "6"],
    ]);
  });

  it("another objective moves the burn rates alone", () => {
    const at = (objective: number): string[] =>
      rulesFile({ ...options, objective })
        .split("\n")
        .filter((line) => line.includes("expr:"));
    const [low, high] = [at(95), at(99.9)];
    const moved = high.filter((line, i) => line !== low[i]);
    expect(moved).toHaveLength(2);
    expect(moved[0]).toContain("> 0.0144)");
    expect(moved[0]).toContain("> 0.006)");
    expect(low.join("\n")).toContain("> 0.72)");
  });

  it("a given time to hold replaces every alert's own; none stays for one of 0", () => {
    const holds = (holdMs?: number): unknown[] => {
      const file: unknown = parse(rulesFile({ ...options, holdMs }));
      return [...JSON.stringify(file).matchAll(/"for":"(\w+)"/g)].map(([, text]) => text);
    };
    expect(new Set(holds(1000))).toEqual(new Set(["1s"]));
    expect(holds(1000)).toHaveLength(alerts.length);
    expect(holds(0)).toEqual([]);
    expect(holds()).toContain("300s");
  });

  it("the scrape job is the one that is asked for", () => {
    expect(rulesFile({ ...options, job: "edge" })).toContain('up{job="edge"} == 0');
  });
});
