import { promptTokens } from "../body/prompt-tokens.ts";
import { affordableOutput, type Price, type Prices, upperCostNano } from "../budgets/prices.ts";
import { pricedImages } from "../budgets/priced-images.ts";
import type { Exchange, Refusal } from "../pipeline/exchange.ts";
import { reachable } from "../routing/routes.ts";
import type { Ask, Plan } from "./plan.ts";

export interface EstimateDeps {
  readonly prices: Prices;
  /** The model's own bound on output tokens, by the name clients ask for. */
  readonly outputMax: ReadonlyMap<string, number>;
  wallMs(): number;
}

const outputBoundDefault = 4096;
const dayMs = 86_400_000;
/** A budget that affords fewer output tokens than this refuses. */
export const outputBoundMin = 256;

/** A call that no limit of tokens or money sees. */
export const plainAsk: Ask = { tokens: 0, nano: 0, outputBound: undefined, isLowered: false };

/** A call before anything is known but its request. */
export interface Estimate {
  readonly input: number;
  readonly choices: number;
  readonly output: number;
  /** The client gave no bound: one is spliced in. */
  readonly isBoundOurs: boolean;
  readonly price: Price | undefined;
  /** Counted where the price has one for images. */
  readonly images: number;
}

/** Tokens of the prompt and the bound of the output; 400 when a budget applies without a price. */
export function estimateOf(x: Exchange, plan: Plan, deps: EstimateDeps): Estimate | Refusal {
  const { body } = x;
  if (!body)
    return { input: 0, choices: 1, output: 0, isBoundOurs: false, price: undefined, images: 0 };
  const input = promptTokens(body, plan.isUpper);
  const hasOutput = x.operation.id !== "embeddings";
  const own = hasOutput ? body.outputBound : 0;
  const output = hasOutput ? own || (deps.outputMax.get(body.model) ?? outputBoundDefault) : 0;
  const price = plan.hasMoney ? priceOf(x, plan, deps) : undefined;
  if (plan.hasMoney && !price) {
    const message = `The model ${JSON.stringify(body.model)} has no price.`;
    return { code: "LL_BUDGET_PRICE_UNKNOWN", message, param: "model" };
  }
  const isBoundOurs = hasOutput && own === 0;
  return { input, choices: body.n, output, isBoundOurs, price, images: pricedImages(x, price) };
}

/** What the call asks of its limits. */
export function askOf(estimate: Estimate): Ask {
  const { input, choices, output, isBoundOurs, price, images } = estimate;
  return {
    tokens: input + choices * output,
    nano: price ? upperCostNano(price, input, choices * output, images) : 0,
    outputBound: isBoundOurs ? output : undefined,
    isLowered: false,
  };
}

/** The call with as much output as `restNano` affords; undefined when that is too little. */
export function lowered(estimate: Estimate, restNano: number): Ask | undefined {
  const { input, choices, output, price, images } = estimate;
  if (!price || !Number.isFinite(restNano)) return undefined;
  const forOutput = restNano - upperCostNano(price, input, 0, images);
  const bound = Math.floor(affordableOutput(price, forOutput) / choices);
  if (bound < outputBoundMin || bound >= output) return undefined;
  const ask = askOf({ ...estimate, output: bound });
  return { ...ask, outputBound: bound, isLowered: true };
}

/** The plan's price, looked up once a day: prices change with the day (UTC). */
function priceOf(x: Exchange, plan: Plan, deps: EstimateDeps): Price | undefined {
  const wallMs = deps.wallMs();
  if (wallMs < plan.priceUntilMs) return plan.price;
  plan.priceUntilMs = (Math.floor(wallMs / dayMs) + 1) * dayMs;
  return (plan.price = dearest(x, deps.prices, wallMs));
}

/** The dearest price among the targets the call may reach: the upper bound holds for each. */
function dearest(x: Exchange, prices: Prices, wallMs: number): Price | undefined {
  const own = prices.of(x.body?.model ?? "", wallMs);
  let found: Price | undefined;
  for (const target of reachable(x.route)) {
    const price = prices.of(target.model, wallMs) ?? own;
    if (!price) return undefined;
    found = found ? upperOf(found, price) : price;
  }
  return found ?? own;
}

function upperOf(a: Price, b: Price): Price {
  if (a === b) return a;
  return {
    inputPerMillion: Math.max(a.inputPerMillion, b.inputPerMillion),
    cachedPerMillion: Math.max(a.cachedPerMillion, b.cachedPerMillion),
    outputPerMillion: Math.max(a.outputPerMillion, b.outputPerMillion),
    reasoningPerMillion: Math.max(a.reasoningPerMillion, b.reasoningPerMillion),
    perImage: Math.max(a.perImage, b.perImage),
    perRequest: Math.max(a.perRequest, b.perRequest),
    fromMs: Math.max(a.fromMs, b.fromMs),
  };
}
