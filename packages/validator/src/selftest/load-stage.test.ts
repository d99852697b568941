import { describe, expect, it } from "vitest";
import { miniClaim } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { tmpdir } from "node:os";
import type { LoadLimit } from "../load/index.ts";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import type { SelftestCase } from "./case.ts";
import { loadStageFamily } from "./families/load-stage.ts";
import { healthyTarget, impliedBy, limitSaboteur } from "./limit-saboteurs.ts";
import { saboteurOf } from "./registry.ts";
import { listSelftest } from "./run-selftest.ts";

const cases: readonly SelftestCase[] = loadStageFamily.cases({
  clock: systemClock(),
  random: seededRandom(1),
  scratchDir: tmpdir(),
  signal: new AbortController().signal,
});

/** The load claims of a full plan with a service of every loaded kind, named as in the family. */
function plannedClaims(): string[] {
  const services = {
    rag: { kind: "rag", url: "http://it.invalid", tenants: ["one", "two"] },
    mcp: { kind: "mcp", url: "http://it.invalid/mcp", call: { tool: "search" } },
    websocket: { kind: "websocket", url: "ws://it.invalid/ws", rooms: { members: 3 } },
  };
  const load = { services: Object.keys(services) };
  const target = { url: "http://it.invalid/v1" };
  const parsed = parsePlanFile(JSON.stringify({ target, stack: { services }, load }));
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.problems));
  return parsed.plan.claims.flatMap(({ id, of }) => (of.startsWith("load.") ? [id] : []));
}

const limit = (over: Partial<LoadLimit>): LoadLimit => ({
  scenario: "chat",
  metric: "errors",
  claim: "c",
  stream: "s",
  part: "all",
  ...over,
});

describe("saboteurs of the stage load", () => {
  it("every load claim of a plan, of the chat and of each service, is a case of the registry", () => {
    const planned = plannedClaims();
    expect(planned.length).toBeGreaterThan(15);
    expect(cases.map(({ id }) => id).toSorted()).toEqual(planned.toSorted());
    expect(listSelftest("load").map(({ id }) => id)).toEqual(cases.map(({ id }) => id));
  });

  it.each(cases.map((one) => [one.id, one] as const))(
    "%s fails by its own break, alone, and passes on the healthy twin",
    async (_, one) => {
      const broken = await one.sabotaged();
      expect([broken.word, broken.blamed], broken.seen).toEqual([one.caught, []]);
      const clean = await one.clean();
      expect([clean.word, clean.blamed], clean.seen).toEqual(["passed", []]);
    },
  );

  it("a limit on what nobody knows how to break has no saboteur, and is refused by the registry", () => {
    const claim = miniClaim({ id: "c", kind: "quantile", target: 0.99, limit: 10 });
    const strange = limit({ metric: "queue_wait", limitMs: 10 });
    const broken = limitSaboteur(strange, claim, healthyTarget([strange]));
    expect(broken).toBeNull();
    expect(() => saboteurOf("load.c", broken ?? "")).toThrow(
      expect.objectContaining({ code: "LL_SELFTEST_NO_SABOTEUR" }),
    );
    const unlimited = limit({ metric: "response_time" });
    expect(limitSaboteur(unlimited, claim, healthyTarget([]))).toBeNull();
  });

  it("a break is told from its consequences: what has no latency is late, what is late failed nothing", () => {
    const [errors, time] = [limit({}), limit({ metric: "response_time" })];
    expect(impliedBy(errors, time)).toBe(true);
    expect(impliedBy(time, errors)).toBe(false);
    expect(impliedBy(errors, { ...time, scenario: "stream" })).toBe(false);
    expect(impliedBy(time, time)).toBe(false);
  });

  it("breaks only what the limit looks at: its scenario, its step, three times what is accepted", () => {
    const claim = miniClaim({ id: "c", kind: "proportion", target: 0.9 });
    const one = limit({ step: "query" });
    const broken = limitSaboteur(one, claim, healthyTarget([one]));
    const at = { scenario: "chat", step: "query", offsetMs: 0, users: 0 };
    const bad = Array.from({ length: 1_000 }, (_, n) => broken?.answer({ ...at, n }).outcome);
    expect(bad.filter((outcome) => outcome !== "ok").length / 1_000).toBeCloseTo(0.3, 2);
    expect(broken?.answer({ ...at, step: "ingest", n: 3 }).outcome).toBe("ok");
    expect(broken?.answer({ ...at, scenario: "stream", n: 3 }).outcome).toBe("ok");
  });
});
