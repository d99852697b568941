import { workerData } from "node:worker_threads";
import { systemClock } from "@loadline/kit/clock";
import { pacerAsked, pacerDueAt, pacerWoken } from "./pacer.ts";

/** Below this the wake-up itself takes longer than the rest of the wait. */
const closeEnoughMs = 0.02;

/** Sleeps until what it was asked for, wakes the asker, and ends when asked for NaN. */
function pace(memory: SharedArrayBuffer): void {
  const counters = new Int32Array(memory, 0, 2);
  const due = new Float64Array(memory, pacerDueAt, 1);
  const clock = systemClock();
  let served = 0;
  for (;;) {
    Atomics.wait(counters, pacerAsked, served);
    const asked = Atomics.load(counters, pacerAsked);
    const dueMs = due[0] ?? Number.NaN;
    if (Number.isNaN(dueMs)) return;
    const leftMs = dueMs - clock.monotonicMs();
    if (
      leftMs > closeEnoughMs &&
      Atomics.wait(counters, pacerAsked, asked, leftMs) !== "timed-out"
    ) {
      continue;
    }
    if (leftMs > closeEnoughMs && dueMs - clock.monotonicMs() > closeEnoughMs) continue;
    served = asked;
    Atomics.add(counters, pacerWoken, 1);
    Atomics.notify(counters, pacerWoken);
  }
}

if (workerData instanceof SharedArrayBuffer) pace(workerData);
