import { describe, expect, it } from "vitest";
import { pricesSection } from "../budgets/config.ts";
import { createPrices } from "../budgets/prices.ts";
import { createWorld } from "../routing/world.fixture.ts";
import { limitsSection } from "./config.ts";
import { compileLimits } from "./dimension.ts";
import { askOf, estimateOf, lowered, outputBoundMin } from "./estimate.ts";
import { createPlanner } from "./plan.ts";

const baseUrl = "http://127.0.0.1:9/v1";
const target = (model: string) => ({ provider: "openai-compatible", model, baseUrl });
const priced = createPrices(
  pricesSection.parse({
    wide: { input: 1, output: 100 },
    deep: { input: 10, output: 1 },
    m: { input: 2, output: 2 },
    seen: { input: 1, output: 1, image: 0.5 },
  }),
);
const budget = { scope: "key", resource: "money", limit: 100, period: "day" };

/** What a call of `m` over these upstream models is taken for. */
function estimate(models: readonly string[], body: Record<string, unknown> = {}, limit = budget) {
  const targets = Object.fromEntries(models.map((model) => [model, target(model)]));
  const routes = { r: { models: ["m"], groups: [{ targets: [...models] }] } };
  const world = createWorld({ targets, routes });
  const x = world.exchange({ model: "m", ...body });
  const dims = compileLimits(limitsSection.parse([limit]));
  const plan = createPlanner({ caps: [], limits: dims }).of(x);
  const outputMax = new Map([["m", 1000]]);
  return estimateOf(x, plan, { prices: priced, outputMax, wallMs: () => world.clock.wallMs() });
}

/** The estimate of a call that is not refused. */
function known(...given: Parameters<typeof estimate>) {
  const found = estimate(...given);
  if ("code" in found) throw new Error(found.code);
  return found;
}

describe("the price of a call before it is made", () => {
  it("is in each part the dearest of its targets: what any of them costs is within it", () => {
    const { price } = known(["wide", "deep"]);
    const [wide, deep] = [priced.of("wide", 0), priced.of("deep", 0)];
    expect(price?.inputPerMillion).toBe(deep?.inputPerMillion);
    expect(price?.outputPerMillion).toBe(wide?.outputPerMillion);
    const asked = askOf(known(["wide", "deep"])).nano;
    for (const one of ["wide", "deep"]) expect(askOf(known([one])).nano).toBeLessThan(asked);
    expect(known(["deep", "wide"]).price).toEqual(price);
  });

  it("is the asked model's own where a target has none, and unknown where neither has one", () => {
    expect(known(["foreign"]).price).toEqual(priced.of("m", 0));
    const refused = { code: "LL_BUDGET_PRICE_UNKNOWN", param: "model" };
    const world = createWorld({
      targets: { t: target("foreign") },
      routes: { r: { models: ["unpriced"], groups: [{ targets: ["t"] }] } },
    });
    const x = world.exchange({ model: "unpriced" });
    const plan = createPlanner({
      caps: [],
      limits: compileLimits(limitsSection.parse([budget])),
    }).of(x);
    const deps = { prices: priced, outputMax: new Map(), wallMs: () => 0 };
    expect(estimateOf(x, plan, deps)).toMatchObject(refused);
  });

  it("holds each image of the request where images have a price", () => {
    const part = { type: "image_url", image_url: { url: "https://a.test/b.png" } };
    const body = { messages: [{ role: "user", content: [part, part] }], max_tokens: 1 };
    const plain = { messages: [{ role: "user", content: "a" }], max_tokens: 1 };
    expect([known(["seen"], body).images, known(["m"], body).images]).toEqual([2, 0]);
    const [seen, other] = [known(["seen"], body), known(["seen"], plain)];
    const inputNano = (seen.input - other.input) * 1000;
    expect(askOf(seen).nano - askOf(other).nano).toBe(inputNano + 2 * 500_000_000);
    expect(lowered(seen, 900_000_000)).toBe(undefined);
  });

  it("is not asked for where no limit counts money", () => {
    const tokens = { ...budget, resource: "tokens", limit: 1e6, period: "1m" };
    expect(known(["foreign"], {}, tokens).price).toBe(undefined);
  });
});

describe("the bound of an answer", () => {
  it("is the client's, else the model's and spliced in; choices count each", () => {
    expect(askOf(known(["m"], { max_tokens: 7 })).outputBound).toBe(undefined);
    expect(askOf(known(["m"])).outputBound).toBe(1000);
    const [one, three] = [known(["m"], { max_tokens: 50 }), known(["m"], { max_tokens: 50, n: 3 })];
    expect(askOf(three).tokens - askOf(one).tokens).toBe(100);
  });

  it("is lowered to what the rest affords, never below 256 and never raised", () => {
    const call = known(["m"]);
    const ask = lowered(call, askOf(call).nano / 2);
    if (!ask) throw new Error("not lowered");
    expect(ask.isLowered).toBe(true);
    expect(ask.nano).toBeLessThanOrEqual(askOf(call).nano / 2);
    expect(ask.outputBound).toBeGreaterThanOrEqual(outputBoundMin);
    expect(ask.outputBound).toBeLessThan(1000);
    expect(lowered(call, askOf(call).nano / 10)).toBe(undefined);
    expect(lowered(call, askOf(call).nano * 2)).toBe(undefined);
    expect(lowered(call, Number.POSITIVE_INFINITY)).toBe(undefined);
  });
});
