import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { expect, it } from "vitest";
import { quickPlan } from "../plan/build-plan.ts";
import { runValidation } from "../run/run-validation.ts";
import type { ValidationDeps } from "../run/types.ts";
import type { SelftestFamily } from "./case.ts";
import { citeSelftest } from "./cite.ts";
import { runSelftest } from "./run-selftest.ts";

const folder = (): string => mkdtempSync(join(tmpdir(), "loadline-cite-"));

function depsIn(runsDir: string, more: Partial<ValidationDeps> = {}): ValidationDeps {
  return {
    clock: systemClock(),
    random: systemRandom(),
    runsDir,
    toolVersion: "0",
    reporters: [],
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...more,
  };
}

const seen = (word: string) => () => Promise.resolve({ word, blamed: [], seen: "" });
const families: readonly SelftestFamily[] = [
  {
    id: "made",
    summary: "",
    cases: () =>
      ["failed false", "passed"].map((word, at) => ({
        id: `made.${at}`,
        summary: "",
        caught: "failed false",
        sabotaged: seen(word),
        clean: seen("passed"),
      })),
  },
];

it("a run cites the newest whole selftest by its digest, with what it caught", async () => {
  const selftestDir = folder();
  const { result } = await runSelftest(depsIn(selftestDir), { families });
  await runSelftest(depsIn(selftestDir), { families, only: "made.0" });
  const cited = citeSelftest(selftestDir);
  const { chainHead } = result.verdict;
  expect(cited).toMatchObject({ chainHead, outcome: "NOT_READY", caught: 1, declared: 2 });
  const plan = quickPlan({ baseUrl: "http://127.0.0.1:1/v1", skip: ["load", "probe"] });
  const run = await runValidation(plan, depsIn(folder(), { selftestDir }));
  const evidence = readFileSync(join(run.runDir, "evidence.jsonl"), "utf8");
  expect(evidence).toContain(`"chainHead":"${chainHead}"`);
});

it("a folder without a whole selftest is cited as none", async () => {
  expect(citeSelftest(join(folder(), "absent"))).toBeNull();
  const selftestDir = folder();
  writeFileSync(join(selftestDir, "stray"), "");
  await runSelftest(depsIn(selftestDir), { families, only: "made.1" });
  expect(citeSelftest(selftestDir)).toBeNull();
});
