import { defaultTenant } from "../identity/acting.ts";
import { pricedImages } from "../budgets/priced-images.ts";
import { costNano, type Price, type Prices } from "../budgets/prices.ts";
import type { Actual } from "../limits/lease.ts";
import type { AttemptRecord, Exchange } from "../pipeline/exchange.ts";
import type { UsageRow } from "../state/rows.ts";
import { reachable } from "../routing/routes.ts";
import { noUsage, unknownUsage } from "../stream/usage.ts";

/** Nano-units of what an attempt used; 0 without a price. */
export function costOf(
  x: Exchange,
  attempt: AttemptRecord,
  prices: Prices,
  wallMs: number,
): number {
  const { usage } = attempt;
  if (!usage || usage.source === "none" || usage.source === "unknown") return 0;
  const model = x.body?.model ?? "";
  const price = priceOf(x, attempt, prices, wallMs) ?? prices.of(model, wallMs);
  if (!price) return 0;
  return costNano(price, {
    input: usage.inputTokens,
    output: usage.outputTokens,
    cached: usage.cachedTokens ?? 0,
    reasoning: usage.reasoningTokens ?? 0,
    images: pricedImages(x, price),
  });
}

/** The price of what the attempt's target calls its model. */
function priceOf(
  x: Exchange,
  attempt: AttemptRecord,
  prices: Prices,
  wallMs: number,
): Price | undefined {
  for (const target of reachable(x.route))
    if (target.name === attempt.target) return prices.of(target.model, wallMs);
  return undefined;
}

/**
 * What the exchange used in all attempts; undefined when one of them may have worked and nobody can
 * say how much, so that everything reserved stays charged.
 */
export function actualOf(x: Exchange, prices: Prices, wallMs: number): Actual | undefined {
  let tokens = 0;
  let nano = 0;
  for (const attempt of x.attempts) {
    const { usage } = attempt;
    if (usage?.source === "unknown" || (!usage && attempt.failure === "ok")) return undefined;
    if (!usage) continue;
    tokens += usage.inputTokens + usage.outputTokens;
    nano += costOf(x, attempt, prices, wallMs);
  }
  return { tokens, nano };
}

/** The row of attempt `at`, counted from 0; an unknown one costs all that was reserved. */
export function usageRow(
  x: Exchange,
  attempt: AttemptRecord,
  at: number,
  o: { readonly exit: string; readonly prices: Prices; readonly wallMs: number },
): UsageRow {
  const usage = attempt.usage ?? (attempt.failure === "ok" ? unknownUsage : noUsage);
  const source = usage.source ?? "provider";
  return {
    id: `${x.id}/${at + 1}`,
    at: o.wallMs,
    requestId: x.id,
    keyId: x.keyId,
    tenantId: x.principal?.tenantId ?? defaultTenant,
    route: x.route?.name ?? "",
    model: x.body?.model ?? "",
    target: attempt.target,
    inputTokens: usage.inputTokens,
    cachedTokens: usage.cachedTokens ?? 0,
    outputTokens: usage.outputTokens,
    reasoningTokens: usage.reasoningTokens ?? 0,
    costNano:
      source === "unknown" ? (x.lease?.reservedNano ?? 0) : costOf(x, attempt, o.prices, o.wallMs),
    source,
    exit: o.exit,
  };
}
