import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import type { stackSchema } from "./manifest.ts";

const limitMs = 10_000;

/** The first edge of a stack, and the context in which the store at its end is looked at. */
export function edgeOf(stack: ReturnType<typeof stackSchema.parse>, secret: string) {
  const [edge] = stack.edges;
  const service = stack.services[edge?.to ?? ""];
  if (edge === undefined || service === undefined) throw new Error("there is no such edge");
  const context = {
    name: edge.to,
    service,
    stack,
    secret: () => secret,
    facts: new Map<string, string>(),
    clock: systemClock(),
    random: seededRandom(1),
    again: [],
    mark: "mark",
    signal: AbortSignal.timeout(limitMs),
    timeoutMs: limitMs,
    excerpt: (text: string, charsMax: number) => text.slice(0, charsMax),
    note: () => undefined,
  };
  return { edge, context };
}
