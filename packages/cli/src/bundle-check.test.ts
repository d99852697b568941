import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { quickPlan, readBundle, textReporters } from "@loadline/validator";
import { describe, expect, it } from "vitest";
import { recordRun } from "../../validator/src/run/record-run.ts";
import { emptyDir } from "../test/bundles.ts";
import { builtFrom } from "./built-from.ts";
import { checkBundle } from "./bundle-check.ts";

/** A run of nothing by this build, whose page in Markdown was changed afterwards. */
async function editedRun(buildDigest: string | undefined, added = "\nREADY\n") {
  const { runDir } = await recordRun(
    quickPlan({ baseUrl: "http://127.0.0.1:9/v1" }),
    {
      clock: new TestClock(),
      random: seededRandom(3),
      runsDir: emptyDir(),
      toolVersion: "0",
      ...(buildDigest !== undefined && { buildDigest }),
      reporters: textReporters,
      onProgress: () => undefined,
      signal: new AbortController().signal,
    },
    () => Promise.resolve(),
  );
  appendFileSync(join(runDir, "report.md"), added);
  const checked = await checkBundle(await readBundle(runDir), {
    signatures: { keys: [] },
    today: "2026-04-12",
  });
  const said = checked.steps.find(({ step }) => step === "verdict");
  return { exit: checked.exit, said: `${said?.code ?? ""} ${said?.message ?? ""}` };
}

describe("a view that is not what this build renders", () => {
  it("was edited where the bundle is of this build, or names none: exit 1", async () => {
    for (const build of [undefined, builtFrom()]) {
      const { exit, said } = await editedRun(build);
      expect([exit, said]).toEqual([1, expect.stringContaining("report.md was edited")]);
    }
  });

  it("leaves it incomplete, named and not called edited, where another build made the run: exit 2", async () => {
    const { exit, said } = await editedRun("f".repeat(40));
    expect(exit).toBe(2);
    expect(said).toContain("LL_VERIFY_VERDICT Not what this build renders");
    expect(said).toContain("report.md");
    expect(said).not.toContain("was edited");
  });

  it("that equals what this build renders is equal whoever made the run: exit 0", async () => {
    const { exit, said } = await editedRun("f".repeat(40), "");
    expect([exit, said]).toEqual([
      0,
      expect.stringContaining("verdicts and the outcome are equal"),
    ]);
  });
});
