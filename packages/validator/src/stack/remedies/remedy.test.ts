import { describe, expect, it } from "vitest";
import { stackTwins } from "../../selftest/stack-twins.ts";
import { partProbes } from "../probes/parts.ts";
import { stackProbes } from "../table.ts";
import { againstTwin } from "../twin-suite.fixture.ts";
import { remedyKeys, remedyOf } from "./remedy.ts";

const checks = [
  ...stackProbes.map(({ kind, check }) => [kind, check] as const),
  ...partProbes.map(({ check }) => ["redis", check] as const),
  ["prometheus", "window.chat"] as const,
];

describe("a remedy", () => {
  it("stands behind every check of every kind, and is a sentence", () => {
    const without = checks.filter(([kind, check]) => remedyOf(kind, check) === undefined);
    expect(without).toEqual([]);
    for (const key of remedyKeys) {
      expect(remedyOf("", key), key).toMatch(/^[A-Z`/].{20,}\.$/);
    }
  });

  it("is of a check that there is", () => {
    const known = new Set([
      "edge",
      "prometheus.window",
      ...checks.flatMap(([kind, check]) => [check, `${kind}.${check}`]),
    ]);
    expect(remedyKeys.filter((key) => !known.has(key))).toEqual([]);
  });
});

interface Finding {
  readonly remedy: string;
  readonly reproduce: readonly string[];
  readonly impact: string;
  readonly severity: string;
}

function findingsIn(evidence: string): Finding[] {
  const records = evidence
    .split("\n")
    .filter((line) => line.includes('"kind":"finding"'))
    .map((line): { data: Finding } => JSON.parse(line));
  return records.map(({ data }) => data);
}

describe("a finding of each kind [R1-38] [R1-40]", () => {
  it.concurrent.each(Object.entries(stackTwins))(
    "%s carries what to do, what it is good for, and a command that shows it again",
    async (kind, start) => {
      const own = stackProbes.filter((probe) => probe.kind === kind);
      const [probe] = own.filter(({ saboteur }) => saboteur.length > 0);
      if (probe === undefined) throw new Error(`no check of ${kind} has a saboteur`);
      const { evidence } = await againstTwin(start, probe.saboteur);
      const found = findingsIn(evidence);
      expect(found.length).toBeGreaterThan(0);
      for (const one of found) {
        expect(one.remedy).toContain(remedyOf(kind, probe.check));
        expect(one.reproduce.length).toBeGreaterThan(0);
        expect(one.impact).not.toBe("");
      }
    },
    30_000,
  );
});
