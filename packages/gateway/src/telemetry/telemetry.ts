import type { ErrorTable } from "@loadline/kit/errors";
import type { GrowingLabel, Metrics } from "@loadline/kit/metrics";
import { gatewayErrors } from "../errors.ts";
import { type OperationId, operations } from "../pipeline/operations.ts";
import type { Exchange, Exit, ExitReason } from "../pipeline/exchange.ts";
import type { StageId } from "../pipeline/stage.ts";
import { checkedStages } from "../pipeline/stage-check.ts";
import { type FailureClass, failureClasses } from "../upstream/upstream.ts";

/** Names the label values come from; nothing a client sends becomes a label. */
export interface TelemetryNames {
  /** `_none` first, then every route there ever was. */
  readonly routesOrNone: GrowingLabel;
  readonly targets: GrowingLabel;
  /** `_other,_other` first, then every `route,target` there ever was. */
  readonly routeTargets: GrowingLabel;
}

export interface GatewayTelemetry {
  onExit(x: Exchange, end: Exit): void;
  onAttempt(target: string, failure: FailureClass | "ok"): void;
  onUnexpected(): void;
  /** An exchange came past a stage that it had to go through. */
  onSkipped(stage: StageId): void;
  /** An exchange was to end a second time. */
  onSecondExit(): void;
  onRender(run: (set: GaugeSetters) => void): void;
  render(): string;
}

export interface GaugeSetters {
  inFlight(value: number): void;
  targetReady(target: string, isReady: boolean): void;
  process(rssBytes: number, cpuSeconds: number, startedSeconds: number): void;
}

export const durationName = "loadline_request_duration_seconds";
export const durationBounds: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 5, 10, 30, 60, 120,
];
const overheadBounds = [
  0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
];
const ttftBounds = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30];
const tpotBounds = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5];
const statuses = [
  200, 400, 401, 402, 403, 404, 405, 408, 413, 415, 417, 422, 429, 431, 499, 500, 502, 503, 504,
];
const otherStatus = "other";
const reasons: readonly ExitReason[] = [
  "ok",
  "refused",
  "failed",
  "cut",
  "client_left",
  "client_stalled",
];
const errorTable: ErrorTable = gatewayErrors.table;
const cutStatus = 502;

/** The head of a cut answer said 200; its error tells what became of it. */
const statusOf = ({ reason, status, code }: Exit): number =>
  reason === "cut" ? (errorTable[code ?? ""]?.status ?? cutStatus) : status;

type Families = ReturnType<typeof defineFamilies>;

const operation = [...operations.map((o) => o.id), "unknown"];
const attemptClass = ["ok", ...failureClasses];

function defineFamilies(metrics: Metrics, names: TelemetryNames, durations: readonly number[]) {
  const route = names.routesOrNone;
  const status = [...statuses.map(String), otherStatus];
  const counter = metrics.counter;
  const requests = counter(
    "loadline_requests",
    "Requests ended; one that was cut counts under the status of its error.",
    { operation, route, status },
  );
  const duration = metrics.histogram(
    durationName,
    "Time from the request's head to the end of its answer.",
    { route, stream: ["false", "true"] },
    durations,
  );
  const overhead = metrics.histogram(
    "loadline_overhead_seconds",
    "Time not spent waiting for an upstream.",
    {},
    overheadBounds,
  );
  const ttft = metrics.histogram(
    "loadline_ttft_seconds",
    "Time to the first content, and the target it came from.",
    { "route,target": names.routeTargets },
    ttftBounds,
  );
  const attempts = counter("loadline_upstream_attempts", "Calls to upstreams by outcome.", {
    target: names.targets,
    class: attemptClass,
  });
  const exits = counter("loadline_stream_exits", "Ends of streams.", { route, exit: reasons });
  const tpot = metrics.histogram(
    "loadline_tpot_seconds",
    "Time per output token after the first, of streams that ended whole.",
    { target: names.targets },
    tpotBounds,
  );
  const skipped = counter("loadline_stage_skipped", "Stages that were passed by; must stay 0.", {
    stage: checkedStages,
  });
  const violations = counter("loadline_exit_violations", "Second exits; must stay 0.", {});
  const unexpected = counter("loadline_unexpected_errors", "Unforeseen faults.", {});
  const open = metrics.gauge("loadline_requests_open", "Requests under way.", {});
  const ready = metrics.gauge("loadline_target_ready", "Whether a target takes requests.", {
    target: names.targets,
  });
  return {
    requests,
    duration,
    overhead,
    ttft,
    attempts,
    exits,
    unexpected,
    open,
    ready,
    tpot,
    skipped,
    violations,
    ...processFamilies(metrics),
  };
}

function processFamilies(metrics: Metrics) {
  return {
    rss: metrics.gauge("process_resident_memory_bytes", "Resident memory.", {}),
    cpu: metrics.counter("process_cpu_seconds", "CPU time used, user and system.", {}),
    started: metrics.gauge(
      "process_start_time_seconds",
      "Start of the process, seconds since the epoch.",
      {},
    ),
  };
}

/** `durations`: bounds of the request duration, seconds, rising. */
export function createTelemetry(
  names: TelemetryNames,
  metrics: Metrics,
  durations: readonly number[] = durationBounds,
): GatewayTelemetry {
  const operationIndex = new Map(operation.map((id, i) => [id, i]));
  const statusIndex = new Map(statuses.map((code, i) => [code, i]));
  const { targets } = names;
  const classIndex = new Map(attemptClass.map((name, i) => [name, i]));
  const families: Families = defineFamilies(metrics, names, durations);
  const { requests, duration, overhead, ttft, attempts } = families;
  const { exits, unexpected, open, ready, rss, cpu, started, tpot, skipped, violations } = families;
  const routeOf = (x: Exchange): number => (x.route ? x.route.index + 1 : 0);
  const requestsSlot = rememberedSlot((id: OperationId, route: number, status: number) => {
    const s = statusIndex.get(status) ?? statuses.length;
    return requests.at(operationIndex.get(id) ?? 0, route, s);
  });
  const attemptsSlot = rememberedSlot((target: string, failure: FailureClass | "ok") =>
    attempts.at(targets.indexOf(target), classIndex.get(failure) ?? -1),
  );
  const pairOf = rememberedSlot((route: string, target: string) =>
    ttft.at(Math.max(0, names.routeTargets.indexOf(`${route},${target}`))),
  );
  return {
    onExit(x, end) {
      const r = routeOf(x);
      requests.add(requestsSlot(x.operation.id, r, statusOf(end)));
      if (!x.operation.isModel) return;
      const isStream = x.body?.isStream ?? false;
      const totalMs = x.endedMs - x.startedMs;
      duration.observe(duration.at(r, isStream ? 1 : 0), totalMs / 1000);
      overhead.observe(0, Math.max(0, totalMs - x.upstreamMs) / 1000);
      if (x.contentMs >= 0)
        ttft.observe(pairOf(x.route?.name ?? "", x.contentTarget, 0), x.contentMs / 1000);
      if (!isStream) return;
      exits.add(exits.at(r, reasons.indexOf(end.reason)));
      const last = x.attempts.at(-1);
      const tokens = last?.usage?.outputTokens ?? 0;
      if (!last || tokens < 2 || end.reason !== "ok") return;
      tpot.observe(targets.indexOf(last.target), (totalMs - x.contentMs) / 1000 / (tokens - 1));
    },
    onAttempt(target, failure) {
      attempts.add(attemptsSlot(target, failure, 0));
    },
    onUnexpected: () => unexpected.add(0),
    onSecondExit: () => violations.add(0),
    onSkipped: (stage) => skipped.add(checkedStages.indexOf(stage)),
    onRender(run) {
      metrics.onRender(() =>
        run({
          inFlight: (value) => open.set(0, value),
          targetReady: (name, is) => ready.set(targets.indexOf(name), is ? 1 : 0),
          process(rssBytes, cpuSeconds, startedSeconds) {
            rss.set(0, rssBytes);
            cpu.add(0, cpuSeconds - cpu.value(0));
            started.set(0, startedSeconds);
          },
        }),
      );
    },
    render: metrics.render,
  };
}

/** The slot of three labels, found once while they stay as they are: a slot means the same for ever. */
function rememberedSlot<A, B, C>(find: (a: A, b: B, c: C) => number): typeof find {
  let last: { readonly a: A; readonly b: B; readonly c: C; readonly slot: number } | undefined;
  return (a, b, c) => {
    if (last?.a !== a || last.b !== b || last.c !== c) last = { a, b, c, slot: find(a, b, c) };
    return last.slot;
  };
}
