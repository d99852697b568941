import type { Clock } from "@loadline/kit/clock";
import { isRecord } from "@loadline/kit/json";
import { askHost } from "./ask-host.ts";

const lookMs = 250;
const answerMs = 5000;
/** The longest a request may take by default; who is slower is cut. */
const drainMaxMs = 600_000;

/**
 * Resolves when a host that gets no new calls has nothing left to answer, at two looks in a row, or
 * after 10 min. Rejects when it cannot be asked, or with the signal's reason.
 */
export async function drainHost(
  socketPath: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const untilMs = clock.monotonicMs() + drainMaxMs;
  for (let idle = 0; idle < 2 && clock.monotonicMs() < untilMs;) {
    await clock.sleep(lookMs, signal);
    const o = { clock, signal, timeoutMs: answerMs };
    const { body } = await askHost(socketPath, "/healthz", undefined, o);
    idle = isRecord(body) && body["active"] === 0 ? idle + 1 : 0;
  }
}
