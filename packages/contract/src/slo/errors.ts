import { refused } from "../error-row.ts";

/** Codes of service level objectives: what is refused in a file, and before rules are written. */
export const sloErrors = {
  LL_SLO_SHAPE: refused(
    "The SLO file has a value of the wrong form, or lacks one.",
    "Correct the value at the named path.",
  ),
  LL_SLO_UNKNOWN_KEY: refused(
    "The SLO file has a key that does not exist.",
    "Use the nearest key named in the message, or remove the key.",
  ),
  LL_SLO_UNIT: refused(
    "A quantity lacks its unit, or has the unit of another quantity.",
    'Write times with a unit, such as "30 s", and ratios as "99.5 %".',
  ),
  LL_SLO_BUDGET: refused(
    "A stated error budget is not the one that follows from its objective.",
    "Use the recomputed figure of the message, or correct the objective.",
  ),
  LL_SLO_OPENSLO: refused(
    "The OpenSLO document uses something that cannot be kept.",
    "Use Occurrences or Timeslices, and counters that Prometheus holds.",
  ),
  LL_SLO_DUPLICATE: refused("Two objectives have the same id.", "Rename one of them."),
  LL_SLO_OBJECTIVE: refused(
    "The objective is no share between 0 and 1.",
    "Promise less than 100 % and more than 0 %.",
  ),
  LL_SLO_NO_PAGE: refused(
    "Not even a total outage would page: the budget is so large that no pair is left.",
    "Set alerts.mode to ticket-only, or to adapt, which lowers the factor.",
  ),
  LL_SLO_PERIOD: refused(
    "Burn rates are asked for over a period below 7 days.",
    "Set alerts.mode to static, or lengthen the window.",
  ),
  LL_SLO_BUCKET: refused(
    "The latency threshold is no bound of the histogram: no series counts what is under it.",
    "Use one of the bounds named in the message, or give the histogram this bound.",
  ),
  LL_SLO_ZERO_START: refused(
    "A series of failures is not there before the first failure, which would be missed.",
    "Have the program export the series with 0 at its start.",
  ),
  LL_SLO_STRAY_LABEL: refused(
    "A label would make one alert into several, or overwrite one that alerts are routed by.",
    "Remove the label, or sum over it.",
  ),
  LL_SLO_THIN: refused(
    "Too few events are expected in an alert's long window to page on their share.",
    "Lower traffic.minEvents, or set alerts.mode to ticket-only.",
  ),
  LL_SLO_RUNBOOK: refused(
    "The objective names no runbook: who is woken would not know what to do.",
    "Add runbook, or give --runbook URL for all of them.",
  ),
} as const;

export type SloCode = keyof typeof sloErrors;
