/** Time that a relay or a gateway adds to its upstream's own. */
import { median, quantile, round } from "../figures.ts";

export interface Added {
  readonly addedP50Ms: number;
  readonly addedP99Ms: number;
}

/**
 * A lane's quantiles less those of the direct way in the same round, and of that the median: what a
 * machine does to one round it does to both. Each block holds the ms of its calls.
 */
export function addedOf(
  direct: readonly (readonly number[])[],
  lane: readonly (readonly number[])[],
): Added {
  const at = (q: number): number =>
    round(median(lane.map((block, i) => quantile(block, q) - quantile(direct[i] ?? [], q))), 3);
  return { addedP50Ms: at(0.5), addedP99Ms: at(0.99) };
}

/** `added` in parts of the relay's; undefined where the relay's is nothing that can be told. */
export function ofRelay(own: Added, relay: Added): number | undefined {
  return relay.addedP99Ms > 0 ? round(own.addedP99Ms / relay.addedP99Ms, 2) : undefined;
}
