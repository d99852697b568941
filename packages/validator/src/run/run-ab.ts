import type { Recorder } from "../evidence/recorder.ts";
import { type BoundJob, blockMs, gapMs, interleave, type LoadPlan } from "../load/index.ts";
import { AbEvidence } from "./ab-evidence.ts";
import type { LoadRunDeps } from "./run-load-job.ts";

const by = "load";
/** A block and what it needs around it. */
const blockWholeMs = blockMs + gapMs + 100;

/** Sends the blocks of an A/B job and records what they came to. */
export async function sendAb(job: BoundJob, deps: LoadRunDeps, recorder: Recorder): Promise<void> {
  const { ab, triples } = job.job;
  if (ab === undefined || triples === undefined) throw new TypeError("no A/B job");
  const evidence = new AbEvidence(job.bound, recorder);
  const blocks = triples * 3;
  recorder.append({ kind: "note", by, data: { ab: { other: ab, triples, blockMs, gapMs } } });
  let done = 0;
  let bad = 0;
  let due = 0;
  const plan = { load: withBlockLimits(job), other: ab, triples };
  const run = interleave(plan, {
    clock: deps.clock,
    signal: deps.signal,
  });
  for await (const block of run) {
    evidence.add(block);
    done++;
    const ended = block.records.at(-1);
    for (const account of ended?.type === "load.ended" ? ended.accounts : []) {
      due += account.due;
      bad += account.due - account.ok;
    }
    const leftMs = (blocks - done) * blockWholeMs;
    deps.onFrame?.(frameOf({ due, bad, elapsedMs: done * blockWholeMs, leftMs }));
  }
  evidence.end(done === blocks);
}

function frameOf(o: { due: number; bad: number; elapsedMs: number; leftMs: number }) {
  const none = { inFlight: 0, p50Ms: null, p99Ms: null, maxMs: null, ttftP99Ms: null };
  return { ...o, ...none, ok: o.due - o.bad };
}

/** Comparisons read an order statistic of each block: a limit nothing reaches keeps it. */
function withBlockLimits({ load, bound }: BoundJob): LoadPlan {
  const scenarios = Object.keys(load.scenarios);
  const asked = bound.flatMap(({ claim, baseline }) => {
    if (baseline === undefined || baseline.metric === null) return [];
    const { metric, quantile } = baseline;
    const kept = { limitMs: 1e9, interleaved: true } as const;
    const shared = { metric, quantile, claim: claim.id, stream: claim.of, part: "all", ...kept };
    return scenarios.map((scenario) => ({ ...shared, scenario }));
  });
  const errors = load.limits.filter(({ claim }) => claim === "load.errors");
  return { ...load, limits: [...asked, ...errors] };
}
