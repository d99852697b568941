import { systemClock } from "@loadline/kit/clock";
import { createEgress } from "@loadline/kit/egress";
import { describe, expect, it } from "vitest";
import { targetSchema } from "../plan/manifest.ts";
import { cleanRules, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { createProbeClient } from "./client.ts";
import type { ProbeFinding, StubRule } from "./probe.ts";
import { probes } from "./table.ts";

const never = new AbortController().signal;

async function runAll(rules: readonly StubRule[]): Promise<Map<string, readonly ProbeFinding[]>> {
  await using stub = await startStub(rules);
  const client = createProbeClient({
    baseUrl: stub.baseUrl,
    egress: createEgress({ allowHosts: ["127.0.0.1"] }),
    clock: systemClock(),
    run: "run-1",
    apiKey: stubKey,
    timeoutMs: 10_000,
    signal: never,
  });
  const target = targetSchema.parse({
    url: stub.baseUrl,
    auth: "bearer",
    bodyBytesMax: 128 * 1024,
  });
  const results = new Map<string, readonly ProbeFinding[]>();
  for (const probe of probes) {
    const findings = await probe.run({ client, target, model: "stub-model", signal: never });
    results.set(probe.id, findings);
  }
  client.close();
  return results;
}

function failing(results: ReadonlyMap<string, readonly ProbeFinding[]>): string[] {
  return [...results].filter(([, found]) => found.some(({ ok }) => !ok)).map(([id]) => id);
}

describe("probes", () => {
  it("every probe passes against the clean twin", async () => {
    const results = await runAll(cleanRules);
    const seen = [...results.values()].flat().filter(({ ok }) => !ok);
    expect(seen.map((finding) => finding.seen)).toEqual([]);
  });

  it.each(probes.map((probe) => [probe.id, probe] as const))(
    "the saboteur of %s makes exactly its own claim fail",
    async (id, probe) => {
      const results = await runAll([...probe.saboteur, ...cleanRules]);
      expect(failing(results)).toEqual([id]);
    },
  );

  it("every probe has a saboteur, a checklist id and a claim with a reason", () => {
    const target = targetSchema.parse({ url: "http://127.0.0.1:1/v1" });
    for (const probe of probes) {
      expect(probe.saboteur.length, probe.id).toBeGreaterThan(0);
      expect(probe.checklist.length, probe.id).toBeGreaterThan(0);
      expect(probe.claim(target).rationale.length, probe.id).toBeGreaterThanOrEqual(10);
    }
    expect(new Set(probes.map(({ id }) => id)).size).toBe(probes.length);
  });

  it("no probe passes against a target that cannot be reached", async () => {
    const stub = await startStub([]);
    await stub.close();
    const client = createProbeClient({
      baseUrl: stub.baseUrl,
      egress: createEgress({ allowHosts: ["127.0.0.1"] }),
      clock: systemClock(),
      run: "run-1",
      timeoutMs: 10_000,
      signal: never,
    });
    const target = targetSchema.parse({ url: stub.baseUrl });
    for (const probe of probes) {
      const found = await probe.run({ client, target, model: "m", signal: never });
      expect(found.length, probe.id).toBeGreaterThan(0);
      expect(
        found.some(({ ok }) => ok),
        probe.id,
      ).toBe(false);
      expect(found[0]?.seen).toMatch(/connect|refused/i);
    }
    client.close();
  });

  it("a key the target takes for right is never asked for twice: parts are named", async () => {
    const results = await runAll(cleanRules);
    expect(results.get("openai.auth")?.map(({ part }) => part)).toEqual(["no key", "wrong key"]);
  });
});
