import { tmpdir } from "node:os";
import type { Claim, RunPlan } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import type { Recorder } from "../evidence/recorder.ts";
import { recordRun } from "../run/record-run.ts";
import type { ValidationDeps, ValidationResult } from "../run/types.ts";
import type { SelftestCase, SelftestContext, SelftestFamily } from "./case.ts";
import { selftestFamilies } from "./families/table.ts";
import { selectCases } from "./registry.ts";

const parts = ["saboteur", "clean twin", "blame"] as const;
const streamOf = (id: string): string => `selftest.${id}`;

/** How one check fared. */
export interface SelftestRow {
  readonly id: string;
  readonly summary: string;
  readonly caught: string;
  readonly state: "caught" | "survived" | "could_not_run" | "absent";
  /** What was seen, one sentence. */
  readonly seen: string;
}

export interface SelftestResult {
  readonly rows: readonly SelftestRow[];
  /** Checks with a saboteur; absent ones are not among them. */
  readonly declared: number;
  readonly caught: number;
  readonly result: ValidationResult;
}

function claimOf(one: SelftestCase): Claim {
  return {
    id: streamOf(one.id),
    statement: `${one.id}: its saboteur gives "${one.caught}", its clean twin passes, no other check fails`,
    kind: "predicate",
    of: streamOf(one.id),
    parts: [...parts],
    confidence: 0.95,
    required: one.absent === undefined,
    category: "Testing & Quality",
    rationale: "A check that cannot fail proves nothing when it passes.",
    checklist: ["R2-50"],
  };
}

function planOf(cases: readonly SelftestCase[], only: string | undefined): RunPlan {
  return {
    schema: "loadline-plan/v1",
    profile: only === undefined ? "selftest" : "selftest-part",
    target: { name: "loadline", baseUrl: "loadline" },
    confidence: 0.95,
    maxWaived: 0,
    budgetMinutes: 5,
    claims: cases.map(claimOf),
    stages: { selftest: { only: only ?? null } },
  };
}

/** What the end of the run cut off in its middle is judged by nothing. */
async function runCase(
  recorder: Recorder,
  one: SelftestCase,
  signal: AbortSignal,
): Promise<SelftestRow> {
  const { id, summary, caught } = one;
  const shared = { by: streamOf(id), claims: [streamOf(id)] };
  const row = { id, summary, caught };
  if (one.absent !== undefined) {
    const data = { reason: "capability_missing", sentence: one.absent };
    recorder.append({ ...shared, kind: "skip", data });
    return { ...row, state: "absent", seen: one.absent };
  }
  try {
    const broken = await one.sabotaged();
    const twin = await one.clean();
    if (signal.aborted) return cutOff(recorder, one);
    const blamed = [...broken.blamed, ...twin.blamed];
    const seen = [
      { ok: broken.word === caught, seen: `${broken.word}: ${broken.seen}` },
      { ok: twin.word === "passed", seen: `${twin.word}: ${twin.seen}` },
      { ok: blamed.length === 0, seen: blamed.length === 0 ? "none" : blamed.join(", ") },
    ];
    const refs =
      broken.evidence === undefined ? [] : [recorder.artifact(Buffer.from(broken.evidence))];
    for (const [at, part] of parts.entries()) {
      const data = { stream: streamOf(id), part, ...seen[at] };
      recorder.append({ ...shared, kind: "observation", data, refs });
      recorder.append({ ...shared, kind: "sample.closed", data: { stream: streamOf(id), part } });
    }
    const bad = seen.findIndex(({ ok }) => !ok);
    if (bad < 0) return { ...row, state: "caught", seen: broken.seen };
    return { ...row, state: "survived", seen: `${parts[bad]}: ${seen[bad]?.seen}` };
  } catch (error) {
    if (signal.aborted) return cutOff(recorder, one);
    const why = error instanceof Error ? error.message : String(error);
    const data = { reason: "crashed", sentence: `The saboteur could not run: ${why}` };
    recorder.append({ ...shared, kind: "check.error", data });
    return { ...row, state: "could_not_run", seen: why };
  }
}

function cutOff(recorder: Recorder, { id, summary, caught }: SelftestCase): SelftestRow {
  const sentence = "The run was stopped while this check ran.";
  const claims = [streamOf(id)];
  recorder.append({
    kind: "skip",
    by: streamOf(id),
    claims,
    data: { reason: "cancelled", sentence },
  });
  return { id, summary, caught, state: "could_not_run", seen: sentence };
}

/**
 * Runs every check against its saboteur and its healthy twin, one after another, and records the
 * whole as a bundle; the fold decides: READY all caught, NOT_READY a survivor, NOT_PROVEN one that
 * could not run. @throws LL_SELFTEST_NO_SABOTEUR, LL_SELFTEST_UNKNOWN, LL_RUN_DIRECTORY.
 */
export async function runSelftest(
  deps: ValidationDeps,
  o: { readonly only?: string; readonly families?: readonly SelftestFamily[] } = {},
): Promise<SelftestResult> {
  using scratch = makeScratchFolder("loadline-selftest-");
  const { clock, random, signal } = deps;
  const context: SelftestContext = { clock, random, signal, scratchDir: scratch.path };
  const cases = selectCases(o.families ?? selftestFamilies, context, o.only);
  const rows: SelftestRow[] = [];
  const result = await recordRun(planOf(cases, o.only), deps, async (_run, recorder) => {
    for (const [done, one] of cases.entries()) {
      if (signal.aborted) return;
      const stage = "selftest";
      deps.onProgress({ stage, state: "running", done, total: cases.length, text: one.id });
      rows.push(await runCase(recorder, one, signal));
    }
  });
  const declared = cases.filter(({ absent }) => absent === undefined).length;
  const caught = rows.filter(({ state }) => state === "caught").length;
  return { rows, declared, caught, result };
}

/** The checks with what catches their saboteurs; runs nothing. @throws LL_SELFTEST_UNKNOWN. */
export function listSelftest(
  only?: string,
): readonly Pick<SelftestCase, "id" | "summary" | "caught" | "absent">[] {
  const context: SelftestContext = {
    clock: systemClock(),
    random: systemRandom(),
    scratchDir: tmpdir(),
    signal: new AbortController().signal,
  };
  return selectCases(selftestFamilies, context, only).map(({ id, summary, caught, absent }) => ({
    id,
    summary,
    caught,
    ...(absent === undefined ? {} : { absent }),
  }));
}
