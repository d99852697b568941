import type { SendDelay } from "@loadline/contract";
import type { Histogram } from "@loadline/kit/histogram";

/** What requests waited for, each place by itself; of good, measured answers. */
export interface DelayHistograms {
  readonly response: Histogram;
  readonly service: Histogram;
  /** From the intended time to the pacer's release. */
  readonly lag: Histogram;
  /** From release until a user and a connection were free. */
  readonly queued: Histogram;
  /** From then until the connection was open; only of requests that opened one. */
  readonly connecting: Histogram;
}

/** Response time over service time, at p50, from which on the place is named. */
const namedShare = 0.1;

/**
 * Where response time comes to differ from service time, when at p50 it is by more than 10 % of
 * service time: the place with the longest median wait, or where none of them shows at the median
 * the longest wait in all. Null where they differ less, and of no answers.
 */
export function sendDelay(of: DelayHistograms): SendDelay | null {
  const { response, service, lag, queued, connecting } = of;
  const [responseUs, serviceUs] = [response.quantileUs(0.5), service.quantileUs(0.5)];
  if (service.count === 0 || responseUs - serviceUs <= namedShare * serviceUs) return null;
  const places = [
    { part: "pacer", us: lag.quantileUs(0.5), sumUs: lag.sumUs },
    { part: "queue", us: queued.quantileUs(0.5), sumUs: queued.sumUs },
    { part: "connect", us: connectUs(connecting, service.count), sumUs: connecting.sumUs },
  ] as const;
  const [pacer, queue, connect] = places;
  const [first = pacer] = places.toSorted((a, b) => b.us - a.us || b.sumUs - a.sumUs);
  return {
    part: first.part,
    responseMs: responseUs / 1_000,
    serviceMs: serviceUs / 1_000,
    pacerMs: pacer.us / 1_000,
    queueMs: queue.us / 1_000,
    connectMs: connect.us / 1_000,
  };
}

/** Median over all `n` requests: those on an open connection waited for none. */
function connectUs(connecting: Histogram, n: number): number {
  const rank = Math.ceil(n / 2) - (n - connecting.count);
  return rank <= 0 ? 0 : connecting.rankUs(rank);
}
