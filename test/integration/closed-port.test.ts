import { freePort } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { claimsThat, emptyDir, runCli, runDirOf, verdictOf } from "./cli-process.ts";
import { decidable, skipIfOpen } from "./readiness.ts";

describe("loadline validate against a closed port", () => {
  it("is never READY, passes no claim and gives no latency, and leaves a bundle that says so", async (context) => {
    const cwd = emptyDir();
    const target = `http://127.0.0.1:${await freePort()}`;
    const ended = await runCli(cwd, ["validate", "--json", "--target", target]);
    const verdict = verdictOf(ended);
    expect(["NOT_READY", "NOT_PROVEN"]).toContain(verdict.outcome);
    expect(ended.code).toBe(verdict.exitCode);
    expect([1, 2]).toContain(ended.code);
    expect(claimsThat(verdict, "passed")).toEqual([]);
    const latency = verdict.claims.filter(({ kind }) => kind === "quantile");
    expect(latency.map(({ id }) => id)).toContain("load.chat.p99");
    expect(latency.map(({ observed }) => observed?.value ?? null)).toEqual(latency.map(() => null));
    const ids = latency.map(({ id }) => id);
    expect(claimsThat(verdict, "failed")).toEqual(expect.arrayContaining(decidable(verdict, ids)));
    expect(Object.values(verdict.slo_compliance)).not.toContain("passed");
    const verified = await runCli(cwd, ["verify", runDirOf(cwd)]);
    expect(verified.code).toBe(0);
    expect(verified.out).toContain(`outcome: ${verdict.outcome}`);
    skipIfOpen(context, verdict, ids);
  });
});
