import type { Claim } from "../claim.ts";
import type { Digest } from "../evidence/digest.ts";
import type { VerdictDocument } from "../report-model.ts";
import { miniClaim, type MiniRun, spreadSlices, startMiniRun } from "./mini-run.ts";
import { stageVerdicts } from "./stage-verdicts.ts";

const up = miniClaim({ id: "up", kind: "predicate" });
const success = miniClaim({ id: "success", kind: "proportion", target: 0.99 });
const rto = miniClaim({ id: "rto", kind: "bound", limit: 10, unit: "s" });

const loss = miniClaim({ id: "loss", kind: "zero_loss" });
const uptime = miniClaim({
  id: "uptime",
  kind: "time_availability",
  target: 0.99,
  limit: 5_000,
  unit: "ms",
});
const stored = miniClaim({ id: "stored", kind: "window_slo", target: 0.99 });
const sequence = miniClaim({
  id: "sequence",
  kind: "proportion",
  target: 0.99,
  mode: "sequential",
});

/** A pattern of false verdicts at the level of evidence, with the log that shows it and its twin. */
export interface FalseVerdict {
  /** `V1` to `V21`; a letter behind it for a second form. */
  readonly id: string;
  readonly pattern: string;
  readonly claim: Claim;
  readonly sabotage: (run: MiniRun) => unknown;
  readonly clean: (run: MiniRun) => unknown;
  /** Verdict and reason that catch it. */
  readonly caught: string;
}

const observeUp = (run: MiniRun): unknown => (run.observe("up", true), run.close());
const proveSuccess = (run: MiniRun): unknown => (
  run.tally("success", { n: 473, bad: 1, slices: spreadSlices(473, 1) }),
  run.close()
);
const measure = (run: MiniRun, upper: number, provenance: "measured" | "declared" | "derived") =>
  run.add({
    kind: "value",
    claims: ["rto"],
    provenance,
    data: { stream: "stream", part: "all", lower: upper, upper, resolution: 0.1 },
  });

const inStream = { stream: "stream", part: "all" };
const noLoss = { lost: 0, stale: 0, resurrected: 0, corrupt: 0, phantom: 0, duplicate: 0 };

function compareLedger(run: MiniRun, data: Readonly<Record<string, unknown>>): unknown {
  const whole = { acked: 1_000, full: true, classes: noLoss, control: "caught" };
  run.add({ kind: "ledger", claims: ["loss"], data: { ...inStream, ...whole, ...data } });
  return run.close();
}

function watch(run: MiniRun, observedMs: number): unknown {
  const data = { ...inStream, observedMs, resolutionMs: 1_000, episodes: [] };
  run.add({ kind: "sample.episodes", claims: ["uptime"], data });
  return run.close();
}

function readStored(run: MiniRun, data: Readonly<Record<string, unknown>>): unknown {
  const whole = { good: 9_990, total: 10_000, present: 100, expected: 100, windowMs: 3_600_000 };
  run.add({ kind: "sample.window", claims: ["stored"], data: { ...inStream, ...whole, ...data } });
  return run.close();
}

const count = (run: MiniRun, n: number): unknown => (
  run.tally("sequence", { n, bad: 0, slices: spreadSlices(n, 0) }),
  run.close()
);

/** The false verdicts a record log alone can show; the one table. */
export const falseVerdicts: readonly FalseVerdict[] = [
  {
    id: "V1",
    pattern: "a check that prints success and asserts nothing",
    claim: up,
    sabotage: (run) => (
      run.add({ kind: "note", claims: ["up"], data: { text: "OK" } }),
      run.close()
    ),
    clean: observeUp,
    caught: "error silent",
  },
  {
    id: "V3",
    pattern: "a skipped check counted as passed",
    claim: up,
    sabotage: (run) => run.add({ kind: "skip", claims: ["up"], data: { reason: "skipped" } }),
    clean: observeUp,
    caught: "not_tested skipped",
  },
  {
    id: "V4",
    pattern: "a missing metric read as 0 and met",
    claim: success,
    sabotage: (run) => (run.tally("success", { n: 0, bad: 0 }), run.close()),
    clean: proveSuccess,
    caught: "not_tested not_run",
  },
  {
    id: "V5",
    pattern: "a part with a warning left out of the denominator",
    claim: { ...up, parts: ["a", "b"] },
    sabotage: (run) => (run.observe("up", true, "a"), run.close("a")),
    clean: (run) => {
      for (const part of ["a", "b"]) {
        run.observe("up", true, part);
        run.close(part);
      }
    },
    caught: "not_tested not_run",
  },
  {
    id: "V8",
    pattern: "a stale result of an earlier run reused",
    claim: { ...up, accept: "imported" },
    sabotage: (run) => {
      const data = { stream: "stream", part: "all", ok: true, importedFrom: "run-0" };
      const measuredAt = "2026-04-01T00:00:00.000Z";
      run.add({
        kind: "observation",
        claims: ["up"],
        provenance: "imported",
        data: { ...data, measuredAt },
      });
      run.close();
    },
    clean: observeUp,
    caught: "not_tested stale",
  },
  {
    id: "V9",
    pattern: "crash-free taken for passed",
    claim: up,
    sabotage: (run) => {
      run.add({ kind: "stage.ended", claims: ["up"], data: { stage: "probe", exitStatus: 0 } });
      run.close();
    },
    clean: observeUp,
    caught: "error silent",
  },
  {
    id: "V15",
    pattern: "a target printed as a result",
    claim: rto,
    sabotage: (run) => (measure(run, 4, "declared"), run.close()),
    clean: (run) => (measure(run, 4, "measured"), run.close()),
    caught: "not_tested not_run",
  },
  {
    id: "V15b",
    pattern: "an extrapolation printed as a result",
    claim: rto,
    sabotage: (run) => (measure(run, 4, "derived"), run.close()),
    clean: (run) => (measure(run, 4, "measured"), run.close()),
    caught: "not_tested not_run",
  },
  {
    id: "V16",
    pattern: "ten samples offered as proof of 99 %",
    claim: success,
    sabotage: (run) => (
      run.tally("success", { n: 10, bad: 0, slices: spreadSlices(10, 0) }),
      run.close()
    ),
    clean: proveSuccess,
    caught: "inconclusive interval",
  },
  {
    id: "V20",
    pattern: "totals that do not add up",
    claim: success,
    sabotage: (run) => (
      run.tally("success", { n: 600, bad: 1, slices: spreadSlices(473, 1) }),
      run.close()
    ),
    clean: proveSuccess,
    caught: "error evidence",
  },
  {
    id: "V2b",
    pattern: "a comparison of acknowledged writes that cannot find a loss",
    claim: loss,
    sabotage: (run) => compareLedger(run, { control: "missed" }),
    clean: (run) => compareLedger(run, {}),
    caught: "inconclusive control",
  },
  {
    id: "V4b",
    pattern: "a class of loss that nobody counted read as 0",
    claim: loss,
    sabotage: (run) => {
      const { stale: _stale, ...others } = noLoss;
      compareLedger(run, { classes: others });
    },
    clean: (run) => compareLedger(run, {}),
    caught: "inconclusive control",
  },
  {
    id: "V4c",
    pattern: "stored monitoring data with a hole taken for a calm time",
    claim: stored,
    sabotage: (run) => readStored(run, { present: 60 }),
    clean: (run) => readStored(run, {}),
    caught: "inconclusive gaps",
  },
  {
    id: "V16b",
    pattern: "ten clean minutes offered as availability of 99 % of the time",
    claim: uptime,
    sabotage: (run) => watch(run, 600_000),
    clean: (run) => watch(run, 1_500_000),
    caught: "inconclusive too_short",
  },
  {
    id: "V16c",
    pattern: "a sequence that was ended before it decided",
    claim: sequence,
    sabotage: (run) => count(run, 487),
    clean: (run) => count(run, 488),
    caught: "inconclusive interval",
  },
  ...stageVerdicts,
];

/** Folds one side of a case beside a claim it has nothing to do with. */
export function foldFalseVerdict(
  one: FalseVerdict,
  side: "sabotage" | "clean",
  digest: Digest,
): VerdictDocument {
  const other = miniClaim({ id: "other", kind: "predicate", of: "other" });
  const run = startMiniRun([one.claim, other], { digest });
  const at = { stream: "other", part: "all" };
  run.add({ kind: "observation", claims: ["other"], data: { ...at, ok: true, seen: "" } });
  run.add({ kind: "sample.closed", data: at });
  one[side](run);
  run.end();
  return run.fold();
}
