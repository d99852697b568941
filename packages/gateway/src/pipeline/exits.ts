import type { Logger } from "@loadline/kit/logger";
import type { ExchangeAudit } from "../audit-log/exit.ts";
import { spellMs } from "../limits/duration.ts";
import type { Accounting } from "../limits/wire.ts";
import type { GatewayTelemetry } from "../telemetry/telemetry.ts";
import type { Tracer } from "../telemetry/traces/tracer.ts";
import type { AttemptRecord, Exchange, Exit } from "./exchange.ts";
import { always, modelOnly, type Stage } from "./stage.ts";

/** The exit stages in their order: settle, meter, audit, metrics with the access log. */
export function exitStages(
  o: {
    telemetry: GatewayTelemetry;
    logger: Logger;
    nowMs: () => number;
    audit?: ExchangeAudit;
    tracer?: Tracer | undefined;
  },
  accounting: Accounting,
): Stage[] {
  const accessLine = accessLines(o.logger);
  return [
    {
      id: "settle",
      summary: "end time, reserved becomes used",
      wired: always,
      exit(x) {
        x.endedMs = o.nowMs();
        accounting.settle(x);
      },
    },
    {
      id: "meter",
      summary: "one usage record per attempt",
      wired: modelOnly,
      exit: (x, end) => accounting.meter(x, end),
    },
    {
      id: "audit",
      summary: "refusals stay on record",
      wired: always,
      exit: (x, end) => o.audit?.exit(x, end),
    },
    {
      id: "metrics",
      summary: "counters, histograms, access log line",
      wired: always,
      exit(x, end) {
        o.telemetry.onExit(x, end);
        if (x.trace !== undefined) o.tracer?.end(x, end);
        if (o.logger.isInfo && x.operation.isModel) o.logger.line(accessLine(x, end));
      },
    },
  ];
}

/** Built by hand: every text in it is our own or from the configuration, so nothing is escaped. */
function accessLines(logger: Logger): (x: Exchange, end: Exit) => string {
  // What most lines have in common with the one before.
  let operation: string | undefined;
  let keyId: string | undefined;
  let routeName: string | undefined;
  let names = "";
  const namesOf = (x: Exchange): string => {
    const route = x.route?.name;
    if (x.operation.id === operation && x.keyId === keyId && route === routeName) return names;
    operation = x.operation.id;
    keyId = x.keyId;
    routeName = route;
    const shown = route === undefined ? "null" : `"${route}"`;
    names = `","operation":"${operation}","key":"${keyId}","route":${shown},"status":`;
    return names;
  };
  return (x, end) => {
    const last = x.attempts.at(-1);
    const outcomes = outcomesOf(x.attempts);
    const target = last === undefined ? "" : `,"target":"${last.target}"`;
    const ttft = x.contentMs < 0 ? "" : `,"ttft":${spellMs(x.contentMs)}`;
    const code = end.code === undefined ? "" : `,"code":"${end.code}"`;
    const usage = x.usage ? `,"in":${x.usage.inputTokens},"out":${x.usage.outputTokens}` : "";
    const trace = x.trace === undefined ? "" : `,"trace":"${x.trace.traceId}"`;
    return (
      `{"time":"${logger.time()}","level":"info","event":"request","id":"${x.id}${namesOf(x)}` +
      `${end.status},"exit":"${end.reason}","ms":${spellMs(x.endedMs - x.startedMs)},` +
      `"attempts":${x.attempts.length}${target}${outcomes}${ttft}${usage}${code}${trace}}`
    );
  };
}

/** How the attempts ended, in their order; a single good one is told by its target alone. */
function outcomesOf(attempts: readonly AttemptRecord[]): string {
  const [first] = attempts;
  if (first === undefined || (attempts.length === 1 && first.failure === "ok")) return "";
  const told = attempts.map(({ target, failure }) => `${target}=${failure}`);
  return `,"outcomes":"${told.join(" ")}"`;
}
