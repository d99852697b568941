import { defineErrors } from "@loadline/kit/errors";
import { interopErrorTable } from "./interop/errors.ts";
import { scenarioErrorRows } from "./scenario/error-rows.ts";
import { scheduleErrorRows } from "./schedule/error-rows.ts";
import { thresholdErrorTable } from "./thresholds/errors.ts";

export const loadErrors = defineErrors({
  ...scenarioErrorRows,
  ...interopErrorTable,
  ...scheduleErrorRows,
  ...thresholdErrorTable,
  LL_LOAD_PLAN_FILE: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The file of the load plan cannot be read.",
    remedy:
      "Check the path and its permissions; `loadline load profiles` lists what needs no file.",
  },
  LL_LOAD_PLAN_INVALID: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The load plan is not valid.",
    remedy: "Correct the named field; nothing was sent.",
  },
  LL_LOAD_HOST_REFUSED: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "Load is sent to loopback and named hosts only.",
    remedy: "Name the host in `target.allowHosts`, or pass `--allow-host`.",
  },
  LL_LOAD_ABOVE_CAP: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The load plan is above a safety cap.",
    remedy: "Lower the rate, the users or the duration.",
  },
  LL_LOAD_TARGET_DOWN: {
    fault: "target",
    retryable: true,
    exit: 1,
    summary: "Nothing listens at the target's address.",
    remedy: "Start the target, or correct `--target`.",
  },
  LL_LOAD_FD_LIMIT: {
    fault: "caller",
    retryable: false,
    exit: 3,
    summary: "The plan needs more file descriptors than this process may open.",
    remedy: "Raise the limit with `ulimit -n`, spread over `--processes N`, or lower the users.",
  },
  LL_LOAD_PORTS: {
    fault: "caller",
    retryable: false,
    exit: 3,
    summary: "The plan needs more local ports than this machine has for one address.",
    remedy: "Widen `net.ipv4.ip_local_port_range`, or lower the users.",
  },
  LL_LOAD_LIVE_PORT: {
    fault: "caller",
    retryable: false,
    exit: 64,
    summary: "The port of the live page cannot be used.",
    remedy: "Give another with `--live=PORT`, or `--live` for any free one.",
  },
  LL_LOAD_NOT_COMPARABLE: {
    fault: "caller",
    retryable: false,
    exit: 2,
    summary: "Two stored runs are not comparable.",
    remedy: "Compare two targets in one run: `loadline load compare URL URL`.",
  },
  LL_LOAD_WORKER_DIED: {
    fault: "platform",
    retryable: true,
    exit: 2,
    summary: "The load engine's thread ended before its work.",
    remedy: "Run again; if it repeats, lower the load.",
  },
  LL_LOAD_WATCHDOG: {
    fault: "platform",
    retryable: true,
    exit: 2,
    summary: "The load engine did not end in time and was stopped.",
    remedy: "Run again; if it repeats, lower the load.",
  },
  LL_LOAD_ACCOUNTING: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "Requests due and their outcomes do not add up.",
    remedy: "Report this as a defect of Loadline, with the plan.",
  },
});
