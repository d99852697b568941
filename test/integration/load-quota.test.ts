import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  claimsThat,
  emptyDir,
  type Ended,
  evidenceOf,
  runCli,
  runDirOf,
  verdictOf,
} from "./cli-process.ts";
import { keyOf } from "./limits-promises/asking.ts";
import { decidable, skipIfOpen, skipUnlessPassed } from "./readiness.ts";
import { Serving } from "./workers/serving.ts";

/** As good as no refill in six seconds: whom it admits depends on no clock. */
const limiter = { kind: "token_bucket", limit: 1, periodMs: 3_600_000, burst: 400 } as const;

const gateway = `targets:
  s: {provider: simulator, tokens: 2, latency: 0, tokensPerSecond: 1e6}
routes: {r: {models: [one], groups: [{targets: [s]}]}}
log: {level: error}
limits:
  - {scope: key, match: small, resource: requests, limit: ${limiter.limit}, period: 1h, burst: ${limiter.burst}}
  - {scope: key, match: other, resource: requests, limit: 1000000, period: 1h, burst: 100000}
`;

const manifest = { model: "one", maxTokens: 2, limiter, otherKey: { keyEnv: "KEY_B" } };

describe("loadline load --profile quota-burst against a gateway that serves", () => {
  let serving: Serving;
  beforeAll(async () => void (serving = await new Serving().start(gateway, 1)), 120_000);
  afterAll(() => serving[Symbol.asyncDispose]());

  /** 1,200 requests of a key of this rate class in 20 bursts, beside a steady second key. */
  async function burst(cwd: string, rateClass: string): Promise<Ended> {
    writeFileSync(join(cwd, "manifest.json"), JSON.stringify(manifest));
    const env = { KEY_A: await keyOf(serving, rateClass), KEY_B: await keyOf(serving, "other") };
    const target = ["--target", serving.url, "--api-key-env", "KEY_A"];
    const size = ["--rate", "200", "--duration", "6s"];
    const argv = ["load", "--profile", "quota-burst", "--manifest", "manifest.json"];
    const ended = await runCli(cwd, [...argv, ...target, ...size, "--json"], { env });
    for (const key of Object.values(env)) expect(ended.out + ended.err).not.toContain(key);
    expect((await runCli(cwd, ["verify", runDirOf(cwd)])).code).toBe(0);
    return ended;
  }

  /** What the evidence counted for a claim's figure. */
  function tallies(cwd: string, claim: string): unknown {
    const lines = evidenceOf(runDirOf(cwd)).split("\n");
    const line = lines.find(
      (one) => one.includes(`"claims":["${claim}"]`) && one.includes("counts"),
    );
    const record = JSON.parse(line ?? "{}") as { readonly data?: { readonly counts?: unknown } };
    return record.data?.counts;
  }

  const of = (ended: Ended, id: string) => verdictOf(ended).claims.find((one) => one.id === id);

  it("a key's limit refuses two of three with 429, each with Retry-After, admits what is declared, and leaves the other key alone [R2-24]", async (context) => {
    const cwd = emptyDir();
    const ended = await burst(cwd, "small");
    const verdict = verdictOf(ended);
    expect(verdict.claims.filter((one) => one.verdict === "failed")).toEqual([]);
    // Each of the 800 refused says when to come back, and 400 went through.
    expect(tallies(cwd, "burst.refused")).toMatchObject([{ n: 1_200, bad: 800 }]);
    expect(tallies(cwd, "burst.retry_after")).toMatchObject([{ n: 800, bad: 0 }]);
    skipUnlessPassed(context, verdict, [
      "burst.refused",
      "burst.retry_after",
      "burst.no_5xx",
      "burst.no_503",
      "burst.admitted",
      "other_key.no_429",
      "load.alive",
    ]);
  }, 120_000);

  it("a key without a limit fails the same profile: nothing is refused, three times what is declared goes through [R2-24]", async (context) => {
    const cwd = emptyDir();
    const ended = await burst(cwd, "free");
    const verdict = verdictOf(ended);
    const all = ["burst.refused", "burst.admitted"];
    expect(claimsThat(verdict, "failed")).toEqual(decidable(verdict, all));
    expect(of(ended, "burst.retry_after")).toMatchObject({ verdict: "not_tested" });
    expect(tallies(cwd, "burst.refused")).toMatchObject([{ n: 1_200, bad: 0 }]);
    skipIfOpen(context, verdict, all);
    expect(of(ended, "burst.admitted")?.sentence).toMatch(
      /^1200 of 1200 requests were admitted; the declared limiter lets 400 through/,
    );
    expect([ended.code, verdict.outcome]).toEqual([1, "NOT_READY"]);
  }, 120_000);
});
