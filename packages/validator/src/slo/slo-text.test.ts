import { readFileSync } from "node:fs";
import { compileSlos } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readSloText } from "./read-slo-text.ts";
import { openSloText, sloFiles, sloRulesText, yamlText } from "./slo-files.ts";

const options = { service: "gateway", series: {} };
const lines = (text: string): string[] => {
  const result = readSloText(text, options);
  return result.ok ? [] : result.problems.map(({ code, path, line }) => `${line} ${code} ${path}`);
};

const own = `schema: loadline-slo/v1
slos:
  - id: a
    service: s
    sli: { kind: ratio, bad: 'b{x="1"}', total: t }
    objective: 99.5 %
    window: 30d
    runbook: https://example.org
`;
const open = (target: string): string => `apiVersion: openslo/v1
kind: SLO
metadata: { name: web }
spec:
  service: web
  indicator:
    metadata: { name: i }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: bad } } }
        total: { metricSource: { type: Prometheus, spec: { query: all } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives:
    - target: ${target}
`;

describe("a file of objectives", () => {
  it("each form is known by its keys", () => {
    const form = (text: string): string => {
      const result = readSloText(text, options);
      return result.ok ? result.form : JSON.stringify(result.problems);
    };
    expect([own, open("0.99"), "slo_targets: { availability: 99.5 }"].map(form)).toEqual([
      "loadline",
      "openslo",
      "definitions",
    ]);
  });

  it("the shipped definitions are read unchanged", () => {
    const path = new URL("../../../../examples/slo/slo_definitions.yaml", import.meta.url);
    const result = readSloText(readFileSync(path, "utf8"), options);
    expect(result.ok && [result.document.slos.length, result.document.claims.length]).toEqual([
      18, 6,
    ]);
  });

  it("a problem has the line of its key", () => {
    expect(lines(own.replace("window:", "windw:"))).toEqual([
      "7 LL_SLO_UNKNOWN_KEY slos[0].windw",
      "3 LL_SLO_UNIT slos[0].window",
    ]);
    expect(lines("slo_targets:\n  availability: 99.5\n  latency:\n    p50: slow\n")).toEqual([
      "4 LL_SLO_UNIT slo_targets.latency.p50",
    ]);
  });

  it("of several OpenSLO documents the right one is named", () => {
    expect(lines(`${open("0.99")}---\n${open("99")}`)).toEqual([
      "33 LL_SLO_UNIT [1].spec.objectives[0].target",
    ]);
    expect(lines(`${open("0.99")}---\n${open("0.9")}`)[0]).toContain("LL_SLO_DUPLICATE");
  });

  it("broken YAML, twice the same key, endless aliases and two documents are refused", () => {
    expect(lines("a: [")).toHaveLength(1);
    expect(lines("slo_targets: {}\nslo_targets: {}\n")[0]).toMatch(/^2 LL_SLO_SHAPE/);
    const bomb = [
      "a: &a [x, x, x, x, x, x, x, x, x, x]",
      "b: &b [*a, *a, *a, *a, *a, *a]",
      "c: &c [*b, *b, *b, *b, *b, *b]",
      "d: [*c, *c, *c, *c, *c, *c]",
    ].join("\n");
    expect(lines(bomb)[0]).toMatch(/^1 LL_SLO_SHAPE/);
    expect(lines(`${own}---\n${own}`)).toEqual(["1 LL_SLO_SHAPE "]);
    expect(lines("")).toHaveLength(1);
  });
});

describe("the files of a compilation", () => {
  const read = readSloText(own, options);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const made = compileSlos(read.document);
  if (!made.ok) throw new Error(JSON.stringify(made.problems));

  it("rules and what tries them stand in folders beside each other", () => {
    const files = new Map(
      sloFiles(made.outputs, read.document.intervals).map(({ path, text }) => [path, text]),
    );
    expect([...files.keys()]).toEqual([
      "rules/a.yml",
      "tests/a.yml",
      "prometheus.yml",
      "alertmanager.yml",
      "routing-cases.json",
      "dashboard.json",
      "openslo.yaml",
    ]);
    expect(parse(files.get("tests/a.yml") ?? "")).toHaveProperty("rule_files", ["../rules/a.yml"]);
    expect(parse(files.get("prometheus.yml") ?? "")).toMatchObject({
      global: { scrape_interval: "15s", evaluation_interval: "15s" },
      rule_files: ["rules/*.yml"],
    });
  });

  it("all rules in one file are the groups of each", () => {
    const { groups }: { groups: { name: string }[] } = parse(sloRulesText(made.outputs));
    expect(groups.map(({ name }) => name)).toEqual([
      "slo-sli-a",
      "slo-meta-a",
      "slo-period-a",
      "slo-alerts-a",
    ]);
  });

  it("documents of OpenSLO are read again", () => {
    const again = readSloText(openSloText(made.outputs.openslo), options);
    expect(again.ok && again.form).toBe("openslo");
    expect(yamlText({ a: { b: 1 } })).toBe("a:\n  b: 1\n");
  });
});
