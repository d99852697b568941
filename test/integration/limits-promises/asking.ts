/** Calls of many clients of one gateway, each with a key of its own. */
import { systemClock } from "@loadline/kit/clock";
import { type NewKey, operator } from "../../../packages/gateway/src/index.ts";
import type { Serving } from "../workers/serving.ts";

const clock = systemClock();
const triesMax = 5;

/** One answer with what limits say of it; times are monotonic ms. */
export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** Calls on kept connections. */
export type Ask = (key: string, model?: string) => Promise<Asked>;

/** Asks this gateway for a short chat. */
export function askerOf(serving: Serving): Ask {
  return async (key, model = "one") => {
    const sentMs = clock.monotonicMs();
    const answer = await fetch(`${serving.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }], max_tokens: 2 }),
    });
    await answer.arrayBuffer();
    const receivedMs = clock.monotonicMs();
    return { status: answer.status, headers: answer.headers, sentMs, receivedMs };
  };
}

/**
 * A new key that only calls, of this rate class. Making it is no promise of limits: a store that a
 * busy machine keeps from answering in its time is asked again.
 */
export async function keyOf(serving: Serving, rateId: string): Promise<string> {
  const attributes: NewKey = { name: rateId, roles: ["caller"], rateId };
  let cause: unknown;
  for (let tries = 0; tries < triesMax; tries++) {
    try {
      return (await serving.keys.create(operator(), attributes)).secret;
    } catch (fault) {
      cause = fault;
    }
  }
  throw new Error("no key could be made", { cause });
}

/** Runs `job` for each of `items`, at most `width` at once, and keeps their order. */
export async function spread<T, R>(
  items: readonly T[],
  width: number,
  job: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const run = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) {
      const item = items[i];
      if (item !== undefined) results[i] = await job(item);
    }
  };
  await Promise.all(Array.from({ length: width }, run));
  return results;
}

/** How many answers had each status. */
export function tallyOf(answers: readonly Pick<Asked, "status">[]): Record<number, number> {
  const tally: Record<number, number> = {};
  for (const { status } of answers) tally[status] = (tally[status] ?? 0) + 1;
  return tally;
}
