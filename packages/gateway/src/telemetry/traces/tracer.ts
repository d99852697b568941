import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import { createSpanIds, readTraceparent } from "@loadline/kit/tracing";
import type { Exchange, Exit } from "../../pipeline/exchange.ts";
import type { Target } from "../../routing/routes.ts";
import { ExchangeTrace } from "./exchange-trace.ts";
import type { TraceMetrics } from "./metrics.ts";
import { spansOf } from "./spans.ts";

export interface TracerDeps {
  readonly clock: Clock;
  /** Draws ids, many at a time. */
  readonly random: Random;
  /** Draws the sample, once for each new trace: uniform in [0, 1). */
  readonly draw: () => number;
  /** Share of new traces that are kept, 0 to 1. */
  readonly sampleRatio: number;
  readonly metrics: TraceMetrics;
  /** Takes one encoded span; never waits. */
  push(span: string): void;
  targetOf(name: string): Target | undefined;
}

/** Follows model requests; there is none when tracing is off. */
export interface Tracer {
  /** Gives the exchange its place in a trace: the caller's, or a new one. */
  begin(x: Exchange): void;
  /** Writes the spans of an exchange that is sampled or failed. */
  end(x: Exchange, end: Exit): void;
}

/** Kept traces per second; beyond it they are counted and not written. */
const tracesPerSecondMax = 1000;
const secondMs = 1000;
const prefixBytes = 4;
/** `req_` */
const idPrefixChars = 4;

export function createTracer(deps: TracerDeps): Tracer {
  const { clock, random, draw, sampleRatio, metrics } = deps;
  const nextSpan = createSpanIds(random);
  // A trace id is 4 bytes of this process and the 12 random ones of the request's own id.
  const prefix = Buffer.from(random.bytes(prefixBytes)).toString("hex");
  let secondFromMs = Number.NEGATIVE_INFINITY;
  let kept = 0;
  const mayKeep = (nowMs: number): boolean => {
    if (nowMs - secondFromMs >= secondMs) {
      secondFromMs = nowMs;
      kept = 0;
    }
    return ++kept <= tracesPerSecondMax;
  };
  return {
    begin(x) {
      const header = x.picked?.traceparent;
      const parent = header === undefined ? undefined : readTraceparent(header);
      x.trace = new ExchangeTrace({
        traceId: parent?.traceId ?? prefix + x.id.slice(idPrefixChars),
        parentId: parent?.spanId,
        isSampled: parent ? parent.isSampled : draw() < sampleRatio,
        nextSpan,
      });
    },
    end(x, end) {
      const { trace } = x;
      if (!trace || (!trace.isSampled && !isFailed(x, end))) return;
      const spans = spansOf(x, end, {
        trace,
        wallOffsetMs: clock.wallMs() - clock.monotonicMs(),
        targetOf: deps.targetOf,
      });
      if (!mayKeep(x.endedMs)) {
        metrics.tooMany(spans.length);
        return;
      }
      metrics.sampled();
      for (const span of spans) deps.push(span);
    },
  };
}

/** Ended badly, or an upstream failed on the way: such requests are kept whatever the sample said. */
function isFailed(x: Exchange, end: Exit): boolean {
  if (end.status >= 500 || end.reason === "failed" || end.reason === "cut") return true;
  for (const { failure } of x.attempts)
    if (failure !== "ok" && failure !== "aborted" && failure !== "caller") return true;
  return false;
}
