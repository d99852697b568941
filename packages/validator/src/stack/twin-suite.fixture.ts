import { describe, expect, it } from "vitest";
import type { StackRule } from "./probe.ts";
import { having, runStackPlan, type StackResult } from "./stack.fixture.ts";
import type { StartTwin } from "./stubs/twin.ts";
import { stackProbes } from "./table.ts";

/** Runs a stack of the twin alone, named `it`; `more` lies over the twin's service. */
export async function againstTwin(
  start: StartTwin,
  rules: readonly StackRule[] = [],
  more: Readonly<Record<string, unknown>> = {},
): Promise<StackResult> {
  await using twin = await start(rules);
  const services = { it: { ...twin.service, ...more }, ...twin.neighbours };
  return await runStackPlan({ timeoutMs: 5_000, ...twin.stack, services }, twin.secrets);
}

/** What holds for every kind: the twin passes whole, and each saboteur turns exactly its check red. */
export function twinSuite(kind: string, start: StartTwin): void {
  const probes = stackProbes.filter((probe) => probe.kind === kind);
  describe(`the checks of ${kind} and their saboteurs`, () => {
    it("all pass against the healthy twin", async () => {
      const result = await againstTwin(start);
      const all = probes.map(({ check }) => [`it.${check}`, "passed"]);
      // Neighbours of the twin have checks of their own.
      const own = Object.entries(result.words).filter(([id]) => id.startsWith("it."));
      expect(Object.fromEntries(own)).toEqual(Object.fromEntries(all));
      expect(probes.length).toBeGreaterThan(0);
      expect(result.exitCode).toBe(0);
    });

    it.each(probes.map((probe) => [probe.check, probe] as const))(
      "the saboteur of %s makes it and no other fail",
      async (check, probe) => {
        const result = await againstTwin(start, probe.saboteur);
        const said = JSON.stringify(result.sentences);
        expect(having(result, "failed"), said).toEqual([`it.${check}`]);
        expect(having(result, "error"), said).toEqual([]);
      },
    );

    it("every finding carries a command, and no secret reaches the evidence", async () => {
      for (const probe of probes) {
        const { evidence } = await againstTwin(start, probe.saboteur);
        const found = evidence.split("\n").filter((line) => line.includes('"kind":"finding"'));
        expect(found.length).toBeGreaterThan(0);
        for (const line of found) expect(line).toMatch(/"reproduce":\["/);
        await using twin = await start([]);
        for (const value of Object.values(twin.secrets)) expect(evidence).not.toContain(value);
      }
    });
  });
}
