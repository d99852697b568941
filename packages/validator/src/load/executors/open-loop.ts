import { setImmediate as nextTurn } from "node:timers/promises";
import type { OpenScenario } from "../scenario-types.ts";
import { curveChunks } from "../schedule/arrivals.ts";
import { constantCurve } from "../schedule/curve.ts";
import type { ExecutorContext } from "./executor.ts";
import { type KeepUser, OpenUsers } from "./open-users.ts";
import { queueMaxOf } from "./queue-bound.ts";

/** Sends before the loop gets a turn to read answers, when the sender is behind. */
const burstMax = 64;
const maxVusDefault = 10_000;

/** Users of an open scenario, this worker's share of them and of its queue. */
export function openUsers(scenario: OpenScenario, x: ExecutorContext, keep?: KeepUser): OpenUsers {
  const bounds = {
    preAllocated: Math.ceil((scenario.preAllocatedVus ?? 0) / x.workers),
    usersMax: Math.max(1, Math.ceil((scenario.maxVus ?? maxVusDefault) / x.workers)),
    queueMax: queueMaxOf(scenario, x.workers),
  };
  return new OpenUsers(x, bounds, keep);
}

/** Arrivals of a schedule, and where they begin. */
export interface ArrivalSource {
  readonly chunks: Iterable<Float64Array>;
  readonly startMs: number;
  readonly firstIndex: number;
  /** Monotonic ms at which a changed rate ends. */
  readonly endMs: number;
  readonly terms: OpenScenario;
  /** Nothing more of this source is wanted. */
  readonly cut?: () => boolean;
}

/**
 * Releases this worker's arrivals at their times; a late sender keeps the intended times and
 * catches up. A rate edited meanwhile takes over from the edit's time. Resolves to the index after
 * the last arrival of all workers.
 */
export async function sendArrivals(
  x: ExecutorContext,
  source: ArrivalSource,
  arrive: (index: number, dueMs: number, wakeMs: number) => void,
): Promise<number> {
  let index = source.firstIndex;
  let burst = 0;
  const edited = x.edit();
  for (const chunk of source.chunks) {
    for (const offsetMs of chunk) {
      const dueMs = source.startMs + offsetMs;
      const mine = index % x.workers === x.worker;
      if (mine && x.clock.monotonicMs() < dueMs) {
        burst = 0;
        await waitFor(x, source, dueMs);
      } else if (mine && ++burst >= burstMax) {
        burst = 0;
        await nextTurn();
      }
      if (isOver(x, edited, dueMs)) return await followEdit(x, source, arrive, index);
      if (mine && (x.stopped() || source.cut?.() === true)) return index;
      if (mine) arrive(index, dueMs, x.clock.monotonicMs());
      index++;
    }
  }
  return index;
}

/** Until an arrival falls due, or is not wanted any more. */
async function waitFor(x: ExecutorContext, source: ArrivalSource, dueMs: number): Promise<void> {
  const edited = x.edit();
  while (x.clock.monotonicMs() < dueMs && !x.stopped()) {
    await x.pacer.until(dueMs);
    if (source.cut?.() === true || x.edit() !== edited) return;
  }
}

/** A newer edit holds before this arrival falls due. */
function isOver(x: ExecutorContext, known: unknown, dueMs: number): boolean {
  const edit = x.edit();
  return edit !== null && edit !== known && edit.rate !== undefined && edit.atMs <= dueMs;
}

/** The rest of the scenario at the edited rate. */
async function followEdit(
  x: ExecutorContext,
  source: ArrivalSource,
  arrive: (index: number, dueMs: number, wakeMs: number) => void,
  firstIndex: number,
): Promise<number> {
  const edit = x.edit();
  const leftMs = edit === null ? 0 : source.endMs - edit.atMs;
  if (edit?.rate === undefined || leftMs <= 0) return firstIndex;
  const seed = (x.seed ^ Math.imul(firstIndex + 1, 0x9e3779b1)) >>> 0;
  const chunks = curveChunks(constantCurve(edit.rate, leftMs), source.terms, seed);
  return await sendArrivals(x, { ...source, chunks, startMs: edit.atMs, firstIndex }, arrive);
}
