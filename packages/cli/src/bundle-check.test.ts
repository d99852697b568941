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
async function editedRun(buildDigest: string | undefined) {
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
  appendFileSync(join(runDir, "report.md"), "\nREADY\n");
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

  it("is named, and never called edited, where another build rendered it", async () => {
    const { exit, said } = await editedRun("f".repeat(40));
    expect(exit).toBe(0);
    expect(said).toContain("report.md is of another build and was not compared");
    expect(said).not.toContain("was edited");
  });
});
