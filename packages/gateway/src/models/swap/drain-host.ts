import type { Clock } from "@loadline/kit/clock";
import { codeOf } from "@loadline/kit/errors";
import { isRecord } from "@loadline/kit/json";
import { type AskOptions, askHost } from "./ask-host.ts";

const lookMs = 250;
/** Together over 1 s: a worker may hear that late of a switch. */
const quietLooks = 5;
const answerMs = 5000;
const gone = new Set(["ENOENT", "ECONNREFUSED"]);
/** The longest a request may take by default; who is slower is cut. */
const drainMaxMs = 600_000;

/**
 * Resolves when a host that gets no new calls has nothing left to answer, at five looks in a row,
 * or after 10 min. Rejects when nobody listens there, or with the signal's reason.
 */
export async function drainHost(
  socketPath: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const untilMs = clock.monotonicMs() + drainMaxMs;
  for (let idle = 0; idle < quietLooks && clock.monotonicMs() < untilMs;) {
    await clock.sleep(lookMs, signal);
    idle = (await isIdle(socketPath, { clock, signal, timeoutMs: answerMs })) ? idle + 1 : 0;
  }
}

/** False also for one that is too busy to say. */
async function isIdle(socketPath: string, o: AskOptions): Promise<boolean> {
  try {
    const { body } = await askHost(socketPath, "/healthz", undefined, o);
    return isRecord(body) && body["active"] === 0;
  } catch (cause) {
    o.signal.throwIfAborted();
    if (gone.has(codeOf(cause, ""))) throw cause;
    return false;
  }
}
