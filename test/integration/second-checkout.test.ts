import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { startReferenceTarget } from "../../packages/testkit/src/reference-target/index.ts";
import { hasGit, secondCheckout } from "./checkout.ts";
import { emptyDir, type Ended, lintOf, runCli, runDirOf, verdictOf } from "./cli-process.ts";
import { notTested } from "./machine.ts";

if (!hasGit) notTested("a second checkout", "no git here");

describe.runIf(hasGit)("a bundle and a second checkout", () => {
  let cwd: string;
  let main: string;
  let outcome: string;

  beforeAll(async () => {
    await using target = await startReferenceTarget({ mcp: { toolErrors: 1 } });
    const made = emptyDir();
    const plan = {
      target: { url: `${target.url}/v1`, model: "reference" },
      stack: {
        services: { mcp: { kind: "mcp", url: `${target.url}/mcp`, call: { tool: "echo" } } },
      },
      load: { durationSeconds: 4, warmupSeconds: 1 },
    };
    writeFileSync(join(made, "plan.yaml"), JSON.stringify(plan));
    const ended = await runCli(made, ["validate", "--plan", "plan.yaml", "--json"]);
    const verdict = verdictOf(ended);
    // Verdicts of every sort are to be recomputed, not only good ones.
    const words = new Set(verdict.claims.map((claim) => claim.verdict));
    expect([...words]).toEqual(expect.arrayContaining(["passed", "failed", "inconclusive"]));
    outcome = verdict.outcome;
    expect(lintOf(runDirOf(made))).toEqual([]);
    main = join(secondCheckout(), "packages/cli/src/main.ts");
    // The first place is gone: what the second reads is the bundle alone.
    cwd = join(emptyDir(), "bundles");
    mkdirSync(cwd);
    renameSync(runDirOf(made), join(cwd, "run"));
  }, 240_000);

  const verify = (bundle: string): Promise<Ended> => runCli(cwd, ["verify", bundle], { main });

  it("verify there recomputes the same verdicts from the files alone [R2-50]", async () => {
    const { code, out, err } = await verify("run");
    expect({ code, err, out }).toMatchObject({ code: 0, err: "" });
    expect(out).toContain(`outcome: ${outcome}`);
    expect(out).not.toMatch(/^x /m);
  });

  it("report there makes equal bytes, in every format that is kept", async () => {
    const views = ["report.md", "junit.xml", "results.sarif", "ctrf.json"].filter((name) =>
      existsSync(join(cwd, "run", name)),
    );
    expect(views.length).toBeGreaterThan(2);
    cpSync(join(cwd, "run"), join(cwd, "again"), { recursive: true });
    const formats = "md,junit,sarif,ctrf";
    const ended = await runCli(cwd, ["report", "again", "--format", formats], { main });
    expect(ended.code, ended.err).toBe(0);
    for (const name of views) {
      const [here, there] = ["run", "again"].map((dir) => readFileSync(join(cwd, dir, name)));
      expect(there?.equals(here ?? Buffer.alloc(0)), name).toBe(true);
    }
  });

  it("verify there refuses a bundle of which one verdict was changed", async () => {
    cpSync(join(cwd, "run"), join(cwd, "edited"), { recursive: true });
    const path = join(cwd, "edited", "verdict.json");
    const text = readFileSync(path, "utf8");
    const edited = text.replace('"verdict":"failed"', '"verdict":"passed"');
    expect(edited).not.toBe(text);
    writeFileSync(path, edited);
    const { code, out } = await verify("edited");
    expect([code, out]).toEqual([1, expect.stringContaining("LL_VERIFY_")]);
  });
});
