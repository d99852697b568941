import { promptTokens } from "../../body/prompt-tokens.ts";
import type { Exchange } from "../../pipeline/exchange.ts";
import type { TargetState } from "../target-state.ts";
import type { Member, Strategy } from "./strategy.ts";

const million = 1e6;
const outputTokensMax = 4096;

/** The lowest price of the tokens the request may use; a target without a price comes last. */
export const cheapest: Strategy = {
  ramps: false,
  pick({ members, count, x }) {
    const inputTokens = x.body ? promptTokens(x.body) : 0;
    const outputTokens = outputTokensOf(x);
    let best: Member | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const member = members[i];
      if (!member) continue;
      const price = priceOf(member.state, inputTokens, outputTokens);
      if (best && price >= lowest) continue;
      best = member;
      lowest = price;
    }
    return best;
  },
};

function outputTokensOf(x: Exchange): number {
  if (x.operation.id === "embeddings") return 0;
  const bound = x.body?.outputBound || (x.lease?.outputBound ?? outputTokensMax);
  return bound * (x.body?.n ?? 1);
}

function priceOf(state: TargetState, inputTokens: number, outputTokens: number): number {
  const price = state.price();
  if (!price) return Number.POSITIVE_INFINITY;
  const tokens = price.input * inputTokens + price.output * outputTokens;
  return price.request + tokens / million;
}
