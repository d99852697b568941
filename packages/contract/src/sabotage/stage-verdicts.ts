import type { FalseVerdict } from "./false-verdicts.ts";
import { miniClaim, type MiniRun } from "./mini-run.ts";

const up = miniClaim({ id: "up", kind: "predicate" });
const recovery = miniClaim({
  id: "recovery",
  kind: "bound",
  of: "chaos.recovery",
  limit: 10,
  unit: "s",
});
const restored = miniClaim({ id: "restored", kind: "zero_loss", of: "drill.orders.loss" });

const author = (id: string) => ({ by: { id, version: "1", digest: "" } });
const noLoss = { lost: 0, stale: 0, resurrected: 0, corrupt: 0, phantom: 0, duplicate: 0 };

function proveEffect(run: MiniRun): void {
  const data = { stream: recovery.of, part: "all", seen: true };
  run.add({ kind: "fault.effect", claims: ["recovery"], data, ...author("probe.canary") });
}

function timeRecovery(run: MiniRun, by: string): void {
  const at = { stream: recovery.of, part: "all" };
  const data = { ...at, lower: 3.9, upper: 4, resolution: 0.1 };
  run.add({ kind: "value", claims: ["recovery"], data, ...author(by) });
  run.add({ kind: "sample.closed", claims: ["recovery"], data: at });
}

interface Drill {
  readonly isDestroyed: boolean;
  readonly instances: readonly string[];
}

function restore(run: MiniRun, { isDestroyed, instances }: Drill): void {
  const at = { stream: restored.of, part: "all" };
  const own = { claims: ["restored"], ...author("drill.orders") };
  if (isDestroyed) run.add({ ...own, kind: "source.destroyed", data: { ...at, seen: true } });
  const whole = { acked: 1_000, full: true, classes: noLoss, control: "caught" };
  const data = { ...at, ...whole, readers: ["before", "after"], instances };
  run.add({ ...own, kind: "ledger", data });
  run.add({ ...own, kind: "sample.closed", data: at });
}

const twoInstances = ["orders@41:1000", "orders@97:2000"];
const drill = (over: Partial<Drill>) => (run: MiniRun) =>
  restore(run, { isDestroyed: true, instances: twoInstances, ...over });

/** False verdicts about who saw it, and about faults and restores that never happened. */
export const stageVerdicts: readonly FalseVerdict[] = [
  {
    id: "V10",
    pattern: "a fault that was never injected",
    claim: recovery,
    sabotage: (run) => timeRecovery(run, "prober.chat"),
    clean: (run) => (proveEffect(run), timeRecovery(run, "prober.chat")),
    caught: "inconclusive effect_unverified",
  },
  {
    id: "V11",
    pattern: "a recovery timed by the one who broke it",
    claim: recovery,
    sabotage: (run) => (proveEffect(run), timeRecovery(run, "injector.kill")),
    clean: (run) => (proveEffect(run), timeRecovery(run, "prober.chat")),
    caught: "error evidence",
  },
  {
    id: "V11b",
    pattern: "a recovery told by the load that kept the target warm",
    claim: recovery,
    sabotage: (run) => (proveEffect(run), timeRecovery(run, "load.chat")),
    clean: (run) => (proveEffect(run), timeRecovery(run, "prober.chat")),
    caught: "error evidence",
  },
  {
    id: "V12",
    pattern: "a restore without destruction",
    claim: restored,
    sabotage: drill({ isDestroyed: false }),
    clean: drill({}),
    caught: "not_tested not_run",
  },
  {
    id: "V13",
    pattern: "a checksum compared with itself",
    claim: restored,
    sabotage: drill({ instances: ["orders@41:1000", "orders@41:1000"] }),
    clean: drill({}),
    caught: "error evidence",
  },
  {
    id: "V17",
    pattern: "a feature tested as a class, not as it is wired",
    claim: up,
    sabotage(run) {
      const data = { stream: "stream", part: "all", ok: true, seen: "CircuitBreaker opened" };
      run.add({ kind: "observation", claims: ["up"], data, ...author("unit.circuit-breaker") });
      run.close();
    },
    clean: (run) => (run.observe("up", true), run.close()),
    caught: "error evidence",
  },
];
