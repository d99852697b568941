import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { runCli } from "../run.ts";

async function run(...argv: string[]) {
  const cwd = mkdtempSync(join(tmpdir(), "loadline-selftest-"));
  const host = createTestHost(["selftest", ...argv], { cwd, clock: systemClock() });
  const code = await runCli(host);
  return { out: host.out(), err: host.err(), code, cwd };
}

describe("selftest", () => {
  it("[R2-50] one check alone is caught, exits 0 and leaves a bundle apart from the runs", async () => {
    const { out, code, cwd } = await run("--only", "guard.load.cpu");
    expect(code).toBe(0);
    expect(out).toMatch(/^\+ guard\.load\.cpu +inconclusive generator/);
    expect(out).toContain("mutation score 1/1");
    expect(existsSync(join(cwd, ".loadline/selftest"))).toBe(true);
    expect(existsSync(join(cwd, ".loadline/runs"))).toBe(false);
  });

  it("what this build lacks is named and not counted", async () => {
    const { out, code } = await run("--only", "evidence.V12c");
    expect(out).toContain("- evidence.V12c");
    expect(out).toContain("mutation score 0/0; 1 not in this build, not tested");
    expect(code).toBe(2);
  });

  it("the list names every family and runs nothing", async () => {
    const { out, code, cwd } = await run("--list");
    for (const id of ["evidence.V1", "guard.load.", "check.status", "probe.openai.", "stack."]) {
      expect(out).toContain(id);
    }
    expect([code, existsSync(join(cwd, ".loadline"))]).toEqual([0, false]);
  });

  it("an id nobody knows is a configuration error with the way to the ids", async () => {
    const { err, code } = await run("--only", "no.such");
    expect(code).toBe(78);
    expect(err).toMatch(/LL_SELFTEST_UNKNOWN no\.such .*--list/);
  });

  it("as JSON it is one document with rows, score and the head of the chain", async () => {
    const { out } = await run("--only", "check.status", "--json");
    const document: unknown = JSON.parse(out);
    expect(document).toMatchObject({
      schema: "loadline-selftest/v1",
      exitCode: 0,
      score: { declared: 1, caught: 1 },
      rows: [{ id: "check.status", state: "caught" }],
    });
    expect(out).toMatch(/"chainHead": "[0-9a-f]{64}"/);
  });
});
