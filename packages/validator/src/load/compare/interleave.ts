import type { Clock } from "@loadline/kit/clock";
import { createPacer } from "../engine/pacer.ts";
import { PacerHub } from "../engine/pacer-hub.ts";
import { loadErrors } from "../errors.ts";
import { runLoad } from "../run-load.ts";
import type { Scenario } from "../scenario-types.ts";
import { shuffle } from "../schedule/mix.ts";
import type { LoadPlan, LoadRecord } from "../types.ts";

/** The baseline, the baseline again, and what is compared with it. */
export const arms = ["a", "again", "b"] as const;
export type Arm = (typeof arms)[number];

/** Length of a block's counted part, ms. */
export const blockMs = 1_000;
/** Between two blocks, ms: connections open in it, its requests count nowhere. */
export const gapMs = 100;
/** Answers of a block are waited for this long, ms. */
const gracefulStopMs = 10_000;

/** One plan on two targets. */
export interface AbPlan {
  /** One scenario, of `constant-arrival-rate` or `constant-vus`. */
  readonly load: LoadPlan;
  readonly other: string;
  readonly triples: number;
}

/** What one block of one arm came to. */
export interface AbBlock {
  /** 0-based. */
  readonly triple: number;
  readonly arm: Arm;
  readonly records: readonly LoadRecord[];
}

/** The arms of each triple in their order, from the seed: drift must not pose as a difference. */
export function armOrder(triples: number, seed: number): (readonly Arm[])[] {
  return Array.from({ length: triples }, (_, triple) =>
    shuffle(arms, (seed ^ Math.imul(triple + 1, 0x9e3779b1)) >>> 0),
  );
}

/** The plan of one block. @throws LL_LOAD_PLAN_INVALID for a plan that has no blocks. */
export function blockPlan({ load, other }: AbPlan, arm: Arm, triple: number): LoadPlan {
  const entries = Object.entries(load.scenarios);
  const [only, second] = entries;
  if (only === undefined || second !== undefined) {
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", "--ab compares one scenario.");
  }
  const [name, scenario] = only;
  const target = arm === "b" ? { ...load.target, baseUrl: other } : load.target;
  return {
    ...load,
    target,
    // Equal in the arms of a triple, so that they ask the same.
    seed: (load.seed + triple) >>> 0,
    scenarios: { [name]: blockScenario(scenario) },
  };
}

function blockScenario(scenario: Scenario): Scenario {
  const isSteady =
    scenario.executor === "constant-arrival-rate" || scenario.executor === "constant-vus";
  if (!isSteady) {
    const text = `--ab needs constant-arrival-rate or constant-vus, not ${scenario.executor}.`;
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", text);
  }
  return { ...scenario, startMs: 0, durationMs: blockMs + gapMs, warmupMs: gapMs, gracefulStopMs };
}

/**
 * Runs the blocks one after the other, in shuffled triples. Ends early, between two blocks, when
 * the signal aborts. Rejects as `runLoad` does.
 */
export async function* interleave(
  plan: AbPlan,
  deps: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<AbBlock> {
  const { signal, clock } = deps;
  // One for all: a thread of its own for each block would take longer to start than to send.
  const pacer = createPacer("pacer", clock);
  const hub = new PacerHub(pacer, clock);
  try {
    for (const [triple, order] of armOrder(plan.triples, plan.load.seed).entries()) {
      for (const arm of order) {
        if (signal.aborted) return;
        const records: LoadRecord[] = [];
        const block = blockPlan(plan, arm, triple);
        const here = { clock, engine: "inline", pacer: hub.member() } as const;
        for await (const record of runLoad(block, here)) records.push(record);
        yield { triple, arm, records };
      }
    }
  } finally {
    await pacer.close();
  }
}
