import type { GuardObservation } from "@loadline/contract";
import type { LiveGuard } from "../types.ts";
import { buffered } from "./buffered.ts";
import { cpu } from "./cpu.ts";
import type { Guard, GuardJudgement, GuardView } from "./guard.ts";
import { local } from "./local.ts";
import { loop } from "./loop.ts";
import { mix } from "./mix.ts";
import { pacer } from "./pacer.ts";
import { pressure } from "./pressure.ts";
import { record } from "./record.ts";
import { schedule } from "./schedule.ts";
import { sent } from "./sent.ts";
import { undefinedValues } from "./undefined.ts";

/** The one table of guards. */
export const loadGuards: readonly Guard[] = [
  pacer,
  cpu,
  loop,
  local,
  sent,
  pressure,
  undefinedValues,
  buffered,
  record,
  mix,
  schedule,
];

/** What a guard says of a run's streams, with its figure and limit. */
export type JudgedGuard = GuardObservation & Pick<GuardJudgement, "figure" | "limit">;

/** One row for each guard, the first breach before what holds; for a view of the run under way. */
export function guardRows(judged: readonly JudgedGuard[]): LiveGuard[] {
  return judged.flatMap(({ guard, holds, figure, limit }, at) =>
    judged.findIndex((one) => one.guard === guard) === at ? [{ guard, holds, figure, limit }] : [],
  );
}

/**
 * One observation per guard that holds for all streams, else one per stream it is breached for:
 * a guard voids only the verdicts it can have influenced.
 */
export function judgeGuards(
  views: readonly { readonly stream: string; readonly view: GuardView }[],
): JudgedGuard[] {
  return loadGuards.flatMap((guard) => {
    const { id, reason, kinds } = guard;
    const judged = views.map(({ stream, view }) => ({ stream, ...guard.judge(view) }));
    const breached = judged.filter((one) => !one.holds);
    const first = judged[0];
    if (first === undefined) return [];
    if (breached.length > 0) {
      return breached.map(({ stream, ...seen }) => {
        return { guard: id, ...seen, kinds, streams: [stream], reason };
      });
    }
    const streams = [...new Set(judged.map((one) => one.stream))];
    const { stream: _first, ...seen } = first;
    return [{ guard: id, ...seen, kinds, streams, reason }];
  });
}
