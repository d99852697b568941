import type { PriceEntry } from "./config.ts";

const nanoPerUnit = 1e9;
const million = 1e6;
const none: readonly Price[] = [];

/** A price in integer nano-units. */
export interface Price {
  readonly inputPerMillion: number;
  readonly cachedPerMillion: number;
  readonly outputPerMillion: number;
  readonly reasoningPerMillion: number;
  readonly perImage: number;
  readonly perRequest: number;
  /** Wall-clock ms from which it is valid. */
  readonly fromMs: number;
}

/** Counts of a call; cached tokens are part of `input`, reasoning tokens of `output`. */
export interface PricedTokens {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly reasoning: number;
  /** Images it was asked with. */
  readonly images: number;
}

export interface Prices {
  /** The price of a model at a time; undefined when it has none. */
  of(model: string, wallMs: number): Price | undefined;
}

/** Compiles prices; of several for a model the latest that is valid counts. */
export function createPrices(
  config: Readonly<Record<string, PriceEntry | readonly PriceEntry[]>>,
): Prices {
  const byModel = new Map<string, readonly Price[]>();
  for (const [model, entry] of Object.entries(config)) {
    const list = Array.isArray(entry) ? entry : [entry];
    byModel.set(
      model,
      list.map(compile).toSorted((a, b) => b.fromMs - a.fromMs),
    );
  }
  return {
    of(model, wallMs) {
      for (const price of byModel.get(model) ?? none) if (price.fromMs <= wallMs) return price;
      return undefined;
    },
  };
}

/** Nano-units of a call, each part rounded up. */
export function costNano(price: Price, tokens: PricedTokens): number {
  const { input, cached, output, reasoning, images } = tokens;
  return (
    price.perRequest +
    images * price.perImage +
    part(input - cached, price.inputPerMillion) +
    part(cached, price.cachedPerMillion) +
    part(output - reasoning, price.outputPerMillion) +
    part(reasoning, price.reasoningPerMillion)
  );
}

/** The most output tokens that `nano` pays for at the dearer of both output prices. */
export function affordableOutput(price: Price, nano: number): number {
  const perMillion = Math.max(price.outputPerMillion, price.reasoningPerMillion);
  if (nano < 0) return 0;
  return perMillion === 0 ? Number.MAX_SAFE_INTEGER : Math.floor((nano * million) / perMillion);
}

/** The most that a call may cost: no token cached, all output at the dearer price. */
export function upperCostNano(price: Price, input: number, output: number, images = 0): number {
  const perMillion = Math.max(price.outputPerMillion, price.reasoningPerMillion);
  return (
    price.perRequest +
    images * price.perImage +
    part(input, Math.max(price.inputPerMillion, price.cachedPerMillion)) +
    part(output, perMillion)
  );
}

function part(tokens: number, perMillion: number): number {
  return tokens <= 0 || perMillion === 0 ? 0 : Math.ceil((tokens * perMillion) / million);
}

function compile(entry: PriceEntry): Price {
  const nano = (units: number): number => Math.max(0, Math.ceil(units * nanoPerUnit - 1e-6));
  return {
    inputPerMillion: nano(entry.input),
    cachedPerMillion: nano(entry.cached ?? entry.input),
    outputPerMillion: nano(entry.output),
    reasoningPerMillion: nano(entry.reasoning ?? entry.output),
    perImage: nano(entry.image),
    perRequest: nano(entry.request),
    fromMs: entry.from === undefined ? 0 : Date.parse(entry.from),
  };
}
