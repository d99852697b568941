import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { limitsSection } from "./config.ts";
import { type Bench, openBench } from "./limits.fixture.ts";

type Entry = Readonly<Record<string, unknown>>;

const requests: Entry = { scope: "key", resource: "requests", limit: 60, period: "1h", burst: 2 };
const tokens: Entry = { scope: "key", resource: "tokens", limit: 200, period: "1h" };

/** What twelve calls of three keys, tenants and models meet, two minutes apart. */
async function metBy(entry: Entry): Promise<string> {
  const clock = new TestClock();
  const bench: Bench = openBench({
    clock,
    limits: limitsSection.parse([entry]),
    prices: { m: { input: 0, output: 1000 }, n: { input: 0, output: 1000 } },
  });
  await using _ = bench;
  const met: string[] = [];
  for (let i = 0; i < 12; i++) {
    const caller = { key: `k${i % 2}`, tenant: i % 4 > 1 ? "a" : "b", model: i % 3 ? "m" : "n" };
    const { refusal } = await bench.call({ ...caller, text: "x".repeat(60), maxTokens: 3 });
    met.push(refusal ? `${refusal.code} ${refusal.headers?.join(" ")}` : "-");
    if (i === 7) clock.advance(120_000);
  }
  return met.join(" ");
}

describe("every key of a limit changes behaviour", () => {
  it.each<[string, Entry, Entry]>([
    ["scope", requests, { ...requests, scope: "tenant" }],
    ["scope", requests, { ...requests, scope: "model" }],
    ["scope", requests, { ...requests, scope: "global" }],
    ["match", requests, { ...requests, match: "k0" }],
    ["match", requests, { ...requests, match: ["k1"] }],
    ["resource", requests, { ...requests, resource: "tokens" }],
    ["limit", requests, { ...requests, limit: 120 }],
    ["period", requests, { ...requests, period: "1m" }],
    ["burst", requests, { ...requests, burst: 4 }],
    ["estimate", tokens, { ...tokens, estimate: "upper" }],
  ])("%s: %j and %j admit differently [R0-05]", async (_key, one, other) => {
    expect(await metBy(other)).not.toBe(await metBy(one));
  });

  it("the same limit admits the same twice", async () => {
    expect(await metBy(requests)).toBe(await metBy({ ...requests }));
    expect(await metBy(requests)).toContain("key/requests");
  });
});
