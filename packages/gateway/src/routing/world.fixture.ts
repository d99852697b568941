import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { seededRandom } from "@loadline/kit/random";
import type { AuditEvent, AuditSink } from "../audit-log/events.ts";
import { isBodyProblem, readRequestBody } from "../body/request.ts";
import { configSchema } from "../config/schema.ts";
import { usualDoors } from "../egress/doors.fixture.ts";
import { Exchange } from "../pipeline/exchange.ts";
import { deafHost, nobody } from "../pipeline/nobody.fixture.ts";
import { findOperation } from "../pipeline/operations.ts";
import type { Controls } from "../controls.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { AttemptOutcome, AttemptPlan, NextAttempt, Permit } from "./attempts.ts";
import { compileRoutes, openTargets } from "./compile.ts";
import type { Route } from "./routes.ts";
import { createRouting, type Routing } from "./routing.ts";

export interface World {
  readonly clock: TestClock;
  readonly routing: Routing;
  readonly audited: AuditEvent[];
  /** Targets that were said to have failed. */
  readonly tripped: string[];
  readonly logged: () => string;
  readonly metricsText: () => string;
  /** Goes over to another configuration; targets of the same name stay open. */
  reload(config: Readonly<Record<string, unknown>>): void;
  /** A chat request for the first route. */
  exchange(body?: Readonly<Record<string, unknown>>): Exchange;
  plan(body?: Readonly<Record<string, unknown>>): AttemptPlan;
  /** Runs a request whose attempts end as `end` says; names of the targets tried. */
  run(end: (permit: Permit) => AttemptOutcome): string[];
}

/** Routing over simulated targets on a clock that stands still; keys `b/0` and so on by count. */
export function createWorld(
  config: Readonly<Record<string, unknown>>,
  o: {
    controls?: Partial<Controls>;
    keys?: number;
    signal?: AbortSignal;
    /** Take the place of the simulators. */
    upstreams?: Readonly<Record<string, Upstream>>;
  } = {},
): World {
  const clock = new TestClock();
  clock.advance(1000);
  const parsed = configSchema.parse(config);
  const random = seededRandom(7);
  let text = "";
  const logger = createLogger({ clock, write: (line) => void (text += line), level: "info" });
  const signal = o.signal ?? new AbortController().signal;
  const egress = usualDoors();
  const opened = openTargets(parsed, { clock, random, logger, egress, signal, runDir: "unused" });
  const targets = new Map(
    [...opened].map(([name, target]) => {
      const ids = Array.from({ length: o.keys ?? 0 }, (_, i) => `${name}/${i}`);
      const upstream = o.upstreams?.[name] ?? target.upstream;
      return [name, { ...target, upstream, keys: ids.map((id) => ({ id, headers: [] })) }];
    }),
  );
  let routes = compileRoutes(parsed, targets);
  const metrics = createMetrics();
  const audited: AuditEvent[] = [];
  const audit = auditInto(audited);
  const tripped: string[] = [];
  const deps = { clock, random, logger, metrics, audit };
  const routing = createRouting(
    { config: parsed, routes, targets },
    { ...deps, controls: o.controls, signal, onTrip: (target) => void tripped.push(target) },
  );
  const exchange: World["exchange"] = (body = {}) =>
    exchangeFor(routes.routes[0], body, clock.monotonicMs());
  const plan = (body?: Readonly<Record<string, unknown>>): AttemptPlan =>
    routing.router.plan(exchange(body));
  return {
    clock,
    routing,
    audited,
    tripped,
    reload(other) {
      const next = configSchema.parse(other);
      routes = compileRoutes(next, targets);
      routing.install({ config: next, routes, targets });
    },
    exchange,
    plan,
    logged() {
      logger.flush();
      return text;
    },
    metricsText: () => metrics.render(),
    run(end) {
      const attempts = plan();
      const tried: string[] = [];
      for (let next = attempts.next(); next.kind === "attempt"; next = attempts.next()) {
        tried.push(next.permit.target.name);
        const outcome = end(next.permit);
        next.permit.end(outcome);
        if (outcome === "ok") break;
      }
      return tried;
    },
  };
}

function auditInto(audited: AuditEvent[]): AuditSink {
  return { record: (event) => void audited.push(event), isAccepting: () => true };
}

/** A chat with a route, as the stages before routing leave it. */
function exchangeFor(
  route: Route | undefined,
  body: Readonly<Record<string, unknown>>,
  nowMs: number,
): Exchange {
  const x = new Exchange(deafHost, nobody, findOperation(nobody.target), nowMs);
  const model = route?.models[0] ?? "";
  const bytes = Buffer.from(JSON.stringify({ model, messages: [], ...body }));
  const read = readRequestBody(bytes, "chat");
  if (isBodyProblem(read)) throw new TypeError(read.message);
  x.body = read;
  x.route = route;
  return x;
}

/** Targets `a`, `b`, ... of the simulator, with these further keys each. */
export function targetsOf(names: string, more: Readonly<Record<string, unknown>> = {}) {
  return Object.fromEntries([...names].map((name) => [name, { provider: "simulator", ...more }]));
}

/** One route over groups of such targets. */
export function routeOf(
  groups: readonly { readonly targets: string; readonly strategy?: string }[],
  more: Readonly<Record<string, unknown>> = {},
) {
  const parsed = groups.map(({ targets, strategy }) => ({
    targets: [...targets],
    ...(strategy !== undefined && { strategy }),
  }));
  return { r: { models: ["m"], groups: parsed, ...more } };
}

/** The permit of an answer that must be an attempt. */
export function permitOf(next: NextAttempt): Permit {
  if (next.kind !== "attempt") throw new TypeError(`no attempt: ${JSON.stringify(next)}`);
  return next.permit;
}
