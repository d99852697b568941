import type { Logger } from "@loadline/kit/logger";
import { createRoster, type Roster } from "@loadline/kit/roster";
import { problemOf, problemType } from "../admin/problem.ts";
import type { ExchangeAudit } from "../audit-log/exit.ts";
import { dialectOf } from "../dialects/index.ts";
import { type GatewayErrorCode, statusOf } from "../errors.ts";
import type { Principal } from "../identity/principal.ts";
import type { GatewayTelemetry } from "../telemetry/telemetry.ts";
import {
  type AttemptRecord,
  type Client,
  Exchange,
  type ExchangeHost,
  type Exit,
  type Refusal,
} from "./exchange.ts";
import { findOperation, type Operation, operations, unknownOperation } from "./operations.ts";
import { pending, type Stage, type StageId, type StageOutcome } from "./stage.ts";
import { checkWay, type WayCheck } from "./stage-check.ts";

/** Takes the ends of one principal's exchanges. */
export interface OwnEnds {
  readonly pass: { readonly principal: Principal };
  onExit(x: Exchange): void;
}

export interface PipelineDeps {
  readonly stages: readonly Stage[];
  readonly telemetry: GatewayTelemetry;
  readonly logger: Logger;
  readonly audit?: ExchangeAudit | undefined;
  /** The gateway as a caller of itself: its calls are settled, and counted by nobody else. */
  readonly own?: OwnEnds | undefined;
  nowMs(): number;
}

export interface Pipeline {
  /** Runs an exchange; the returned one tells the front what to cancel. */
  begin(client: Client): Exchange;
  /** Answers with our own error and ends the exchange. */
  refuse(x: Exchange, refusal: Refusal): void;
  readonly inFlight: Roster<Exchange>;
  /** Required stages that are not wired, or that an exchange has passed by; empty in health. */
  missing(): readonly StageId[];
  /** Calls back when nothing is in flight any more, at once when nothing is. */
  onIdle(run: () => void): void;
}

/** Whoever sent such a head may disagree with us about where the next one begins. */
const ambiguous: ReadonlySet<GatewayErrorCode> = new Set<GatewayErrorCode>([
  "LL_HTTP_TARGET",
  "LL_HTTP_HOST",
  "LL_HTTP_HEADER",
  "LL_HTTP_HEAD_TOO_LARGE",
  "LL_HTTP_TIMEOUT",
  "LL_AUTH_AMBIGUOUS",
]);

const nobody: unique symbol = Symbol("nobody");

interface Wired {
  readonly operation: Operation;
  readonly stages: readonly Stage[];
  readonly bits: readonly number[];
  readonly check: WayCheck;
}

/** Runs the wired stages of each operation in table order, then every exit stage once. */
export function createPipeline(deps: PipelineDeps): Pipeline {
  const { stages, telemetry } = deps;
  const wired = wireAll(stages);
  const planOf = planFinder(wired);
  const runExits = exitRunner(stages, deps.own);
  const inFlight = createRoster<Exchange>();
  const idle: (() => void)[] = [];
  const missing = new Set([...wired.values()].flatMap(({ check }) => check.missing));
  const onSkipped = (id: StageId): void => {
    missing.add(id);
    telemetry.onSkipped(id);
  };
  const onExit = (x: Exchange, end: Exit): void => {
    x.cancel = undefined;
    const plan = planOf(x.operation);
    if (plan) checkTrail(x, plan, onSkipped);
    runExits(x, end);
    inFlight.remove(x);
    if (inFlight.size === 0 && idle.length > 0) for (const told of idle.splice(0)) told();
  };
  const refuse = (x: Exchange, refusal: Refusal): void => {
    const kept = x.isOver ? undefined : deps.audit?.beforeRefusal(x, refusal.code);
    if (kept) finishLater(x, refusal, kept, fault);
    else finish(x, refusal);
  };
  const fault = (x: Exchange, cause: unknown): void => {
    telemetry.onUnexpected();
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    deps.logger.error("unexpected", { request: x.id, code: "LL_INTERNAL_UNEXPECTED", text });
    refuse(x, { code: "LL_INTERNAL_UNEXPECTED" });
  };
  const run = (x: Exchange): void => {
    const plan = planOf(x.operation);
    const outcome = plan && advance(x, plan, deps.nowMs);
    if (outcome === undefined || outcome === pending) return;
    if (!(outcome instanceof Promise)) return refuse(x, outcome);
    outcome.then(
      (refusal) => host.onResume(x, refusal),
      (cause: unknown) => fault(x, cause),
    );
  };
  const host: ExchangeHost = {
    onExit,
    onSecondExit: () => telemetry.onSecondExit(),
    onFault: fault,
    onResume(x, refusal) {
      try {
        if (refusal) refuse(x, refusal);
        else if (!x.isOver) run(x);
      } catch (cause) {
        fault(x, cause);
      }
    },
  };
  return {
    begin(client) {
      const x = new Exchange(host, client, findOperation(client.target), deps.nowMs());
      inFlight.add(x);
      host.onResume(x, undefined);
      return x;
    },
    refuse,
    inFlight,
    missing: () => [...missing],
    onIdle: (done) => {
      if (inFlight.size === 0) done();
      else idle.push(done);
    },
  };
}

/** Every exit stage in table order; of the gateway's own calls nothing but what they reserved. */
function exitRunner(
  stages: readonly Stage[],
  own: OwnEnds | undefined,
): (x: Exchange, end: Exit) => void {
  const exits = stages.filter((stage) => stage.exit);
  const settling = exits.filter((stage) => stage.id === "settle");
  const principal = own?.pass.principal ?? nobody;
  return (x, end) => {
    const isOwn = x.principal === principal;
    for (const stage of isOwn ? settling : exits) stage.exit?.(x, end);
    if (isOwn) own?.onExit(x);
  };
}

/** Runs the stages that are left, up to the first that refuses or waits. */
function advance(x: Exchange, { stages, bits }: Wired, nowMs: () => number): StageOutcome {
  for (let i = x.stageAt; i < stages.length; i++) {
    const stage = stages[i];
    x.stageAt = i + 1;
    x.trail |= bits[i] ?? 0;
    if (x.trace?.isSampled === true && stage) x.trace.enter(stage.id, nowMs());
    const outcome = stage?.run?.(x);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

/** Answers with our own error and ends the exchange, unless it is over. */
function finish(x: Exchange, refusal: Refusal): void {
  if (x.isOver) return;
  const status = answerRefusal(x, refusal);
  x.exit({ reason: status >= 500 ? "failed" : "refused", status, code: refusal.code });
}

/** The same once the refusal's audit entry is committed; without it another error is answered. */
function finishLater(
  x: Exchange,
  refusal: Refusal,
  kept: Promise<boolean>,
  fault: (x: Exchange, cause: unknown) => void,
): void {
  kept.then(
    (isKept) => finish(x, isKept ? refusal : { code: "LL_AUDITLOG_FULL" }),
    (cause: unknown) => fault(x, cause),
  );
}

/** Sends our own error in the envelope of the client's dialect and returns its status. */
function answerRefusal(x: Exchange, refusal: Refusal): number {
  const status = statusOf(refusal.code);
  if (ambiguous.has(refusal.code)) x.client.closeAfter?.();
  if (x.operation.limits === "admin") return answerProblem(x, refusal, status);
  const dialect = dialectOf(x.operation.id);
  const headers = ["content-type", "application/json", dialect.requestIdHeader, x.id];
  headers.push("cache-control", "no-store");
  if (refusal.headers) headers.push(...refusal.headers);
  if (refusal.retryAfterMs !== undefined)
    headers.push("retry-after", String(Math.ceil(refusal.retryAfterMs / 1000)));
  x.client.answer(status, headers, dialect.errorBody(refusal, x.id, attemptsShown(x, refusal)));
  return status;
}

/** Of what nobody foresaw, nothing but the request's id is told. */
function attemptsShown(x: Exchange, { code }: Refusal): readonly AttemptRecord[] {
  return code === "LL_INTERNAL_UNEXPECTED" ? [] : x.attempts;
}

/** The admin plane's own form of errors (RFC 9457). */
function answerProblem(x: Exchange, refusal: Refusal, status: number): number {
  const headers = ["content-type", problemType, "x-request-id", x.id, "cache-control", "no-store"];
  if (refusal.headers) headers.push(...refusal.headers);
  if (refusal.retryAfterMs !== undefined)
    headers.push("retry-after", String(Math.ceil(refusal.retryAfterMs / 1000)));
  x.client.answer(status, headers, JSON.stringify(problemOf(refusal, x.id)));
  return status;
}

/** Looks a plan up; that of the call before is mostly the one. */
function planFinder(
  wired: ReadonlyMap<Operation, Wired>,
): (operation: Operation) => Wired | undefined {
  let last: Wired | undefined;
  return (operation) => {
    if (last?.operation !== operation) last = wired.get(operation);
    return last;
  };
}

function wireAll(stages: readonly Stage[]): Map<Operation, Wired> {
  const all = [...operations, unknownOperation];
  return new Map(all.map((operation) => [operation, wire(stages, operation)]));
}

function wire(stages: readonly Stage[], operation: Operation): Wired {
  const chosen = stages.filter((stage) => stage.run && stage.wired(operation));
  const bits = chosen.map((stage) => 1 << stages.indexOf(stage));
  return {
    operation,
    stages: chosen,
    bits,
    check: checkWay(operation, stages, { way: chosen, bits }),
  };
}

/** Compares the stages an exchange passed with those it had to pass to come as far as it did. */
function checkTrail(
  x: Exchange,
  { stages, bits, check }: Wired,
  tell: (id: StageId) => void,
): void {
  const at = x.stageAt;
  const absent = check.missingAt[at];
  if (absent && absent.length > 0) for (const id of absent) tell(id);
  if (x.trail === check.trailAt[at]) return;
  for (let i = 0; i < at; i++) {
    const stage = stages[i];
    if (stage && (x.trail & (bits[i] ?? 0)) === 0) tell(stage.id);
  }
}
