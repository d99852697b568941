import type { Clock } from "@loadline/kit/clock";
import type { Exchange, ProbeClient } from "./client.ts";

/** A target that wants more patience than this is left alone, and its claims not tested. */
const waitMsMax = 3_000;
const waitMsDefault = 1_000;
const resendsMax = 2;

/**
 * Sends again what met the target's rate limit: the pace is the prober's, not a fault of the target.
 * At most `resendsMax` times, each after what the answer asks for, up to `waitMsMax`.
 */
export function patientClient(
  client: ProbeClient,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): ProbeClient {
  return {
    close: () => client.close(),
    async send(request) {
      let exchange = await client.send(request);
      for (let resends = 0; resends < resendsMax && exchange.status === 429; resends++) {
        const waitMs = retryAfterMs(exchange, clock.wallMs());
        if (waitMs > waitMsMax) break;
        await clock.sleep(waitMs, signal);
        exchange = await client.send(request);
      }
      return exchange;
    },
  };
}

/** What `Retry-After` asks for in ms, seconds or a date; 1 s where it says nothing, or the past. */
export function retryAfterMs({ headers }: Pick<Exchange, "headers">, wallMs: number): number {
  const text = headers["retry-after"] ?? "";
  const ms = /^\d{1,12}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - wallMs;
  return Number.isFinite(ms) && ms > 0 ? ms : waitMsDefault;
}
