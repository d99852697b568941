/** Claims of a plan's own on the load of RAG, MCP and rooms: what is counted for them, and decided. */
import { type Claim, minimumN } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { planRates } from "../plan/build-plan.ts";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import { readStages } from "../plan/stages.ts";
import { healthyTarget, limitSaboteur } from "../selftest/limit-saboteurs.ts";
import { type SimulatedTarget, simulateLoad } from "../selftest/simulated-load.ts";
import { serviceLoad } from "./service-load.ts";

const url = "http://127.0.0.1:9";
const services = {
  docs: { kind: "rag", url, tenants: ["one", "two"] },
  tools: { kind: "mcp", url: `${url}/mcp`, call: { tool: "echo", arguments: {} } },
  room: { kind: "websocket", url: "ws://127.0.0.1:9/ws", rooms: { members: 3 } },
};
const shared = {
  statement: "holds in this window",
  category: "Performance & Capacity",
  rationale: "a promise to users",
};
const slow = { kind: "quantile", target: "95 %", limit: "800 ms" };
const share = { kind: "proportion", target: "95 %" };
const claims = [
  { id: "mine.query", ...slow, of: "load.docs.query.response_time" },
  { id: "mine.visible", ...slow, of: "load.docs.visible" },
  { id: "mine.leak", kind: "predicate", of: "load.docs.foreign" },
  { id: "mine.call", ...slow, of: "load.tools.call.service_time" },
  { id: "mine.tools", ...share, of: "load.tools.errors", over: "10 s" },
  { id: "mine.list", kind: "mean", limit: "300 ms", of: "load.tools.list.response_time" },
  { id: "mine.heard", ...share, of: "load.room.delivery" },
  { id: "mine.fanout", ...slow, of: "load.room.fanout" },
  { id: "mine.twice", kind: "predicate", of: "load.room.duplicates" },
].map((claim) => ({ ...shared, ...claim }));

const load = { durationSeconds: 60, warmupSeconds: 0 };
const planOf = (own: readonly object[], more: object = {}) =>
  parsePlanFile(
    JSON.stringify({ profile: "full", stack: { services }, load, ...more, claims: own }),
  );

/** The plan's claims of its own, as the run compiles them for the service that each is about. */
function compiled(own: readonly object[]) {
  const parsed = planOf(own);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { plan } = parsed;
  const stages = readStages(plan);
  const mine = plan.claims.filter(({ id }) => stages.own.includes(id));
  return stages.loads.map((name) => {
    const terms = { load: stages.load, confidence: 0.95, secret: () => "", own: mine };
    const made = stages.stack === undefined ? null : serviceLoad(stages.stack, name, terms);
    if (made?.job == null) throw new Error(`no load of ${name}`);
    return { name, job: made.job, mine: made.claims.filter(({ id }) => id.startsWith("mine.")) };
  });
}

type Made = ReturnType<typeof compiled>[number];

/** Values of every figure that the service's clients could say, kept well within each limit. */
function healthy({ job }: Made): SimulatedTarget {
  const base = healthyTarget(job.load.limits);
  return { ...base, figures: (name) => [...base.figures(name), ["ws_duplicates", 0, false]] };
}

function verdicts(made: Made, target: SimulatedTarget): Record<string, string> {
  const { claims: seen } = simulateLoad(made.job, target);
  const own = seen.filter(({ id }) => id.startsWith("mine."));
  return Object.fromEntries(
    own.map(({ id, verdict, reason }) => [id, `${verdict} ${reason ?? "-"}`]),
  );
}

/** What breaks the one claim; a mean has no saboteur of its own: every answer is late. */
function broken(made: Made, claim: Claim): SimulatedTarget {
  const base = healthy(made);
  const limit = made.job.load.limits.find((one) => one.claim === claim.id);
  if (limit === undefined) throw new Error(`nothing is counted for ${claim.id}`);
  const isTime = limit.metric === "service_time" || claim.kind === "mean";
  const late = { ...base, answer: () => ({ ms: 900, outcome: "ok" as const }) };
  const target = isTime ? late : limitSaboteur(limit, claim, base);
  if (target === null) throw new Error(`nobody knows how to break ${claim.id}`);
  return target;
}

describe("claims of a plan's own on a service's load", () => {
  it("are compiled for the service they are about, once each, with their own words", () => {
    const made = compiled(claims);
    expect(made.map(({ name, mine }) => [name, mine.map(({ id }) => id)])).toEqual([
      ["docs", ["mine.query", "mine.visible", "mine.leak"]],
      ["tools", ["mine.call", "mine.tools", "mine.list"]],
      ["room", ["mine.heard", "mine.fanout", "mine.twice"]],
    ]);
    const all = made.flatMap(({ mine }) => mine);
    expect(all.map(({ statement }) => statement)).toEqual(claims.map(({ statement }) => statement));
    expect(all.find(({ id }) => id === "mine.tools")?.parts).toHaveLength(6);
  });

  it.each(compiled(claims))("$name: every one passes on a service that keeps them", (made) => {
    const all = made.mine.map(({ id }) => [id, "passed -"]);
    expect(verdicts(made, healthy(made))).toEqual(Object.fromEntries(all));
  });

  it.each(
    compiled(claims).flatMap((made) => made.mine.map((claim) => ({ id: claim.id, made, claim }))),
  )("$id fails where its service breaks it", ({ made, claim }) => {
    const word = claim.kind === "predicate" ? "failed false" : "failed limit";
    expect(verdicts(made, broken(made, claim))[claim.id]).toBe(word);
  });

  it("the plan says the samples of each, and none where it does not load the service", () => {
    const own = claims.filter(({ kind }) => kind !== "mean");
    const planned = (more: object) => {
      const parsed = planOf(own, more);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      const rates = planRates(parsed.file);
      const mine = parsed.plan.claims.slice(-own.length);
      return mine.map((claim) => [claim.id, rates[claim.of]?.n ?? null, minimumN(claim)]);
    };
    expect(planned({})).toEqual([
      ["mine.query", 1_200, 59],
      ["mine.visible", 514, 59],
      ["mine.leak", 1, 1],
      ["mine.call", 1_200, 59],
      ["mine.tools", 2_400, 59],
      ["mine.heard", 2_400, 59],
      ["mine.fanout", 2_400, 59],
      ["mine.twice", 1, 1],
    ]);
    expect(planned({ profile: "quick" }).map(([, n]) => n)).toEqual(own.map(() => 0));
  });

  it("a stream, kind, unit or window that a service's load has not is refused with its place", () => {
    const problems = (more: object): string => {
      const [first] = claims;
      const parsed = planOf([{ ...first, ...more }]);
      const [wrong] = parsed.ok ? [] : parsed.problems;
      return `${wrong?.code ?? "taken"} ${wrong?.path ?? ""}: ${wrong?.message ?? ""}`;
    };
    expect(problems({ of: "load.docs.query.responsetime" })).toMatch(
      /^LL_PLAN_STREAM claims\[0\]\.of: .*Did you mean load\.docs\.query\.response_time\?/,
    );
    expect(problems({ kind: "time_availability", of: "load.docs.errors" })).toMatch(
      /^LL_PLAN_STREAM .*decides claims of the kind proportion/,
    );
    const mean = { kind: "mean", target: undefined };
    expect(problems({ ...mean, limit: "3 records" })).toMatch(/^LL_PLAN_UNIT claims\[0\]\.limit/);
    expect(problems({ over: "120 s" })).toMatch(/^LL_PLAN_SHAPE claims\[0\]\.over/);
    // Among the documents of one tenant none is another's.
    const alone = { stack: { services: { docs: { kind: "rag", url } } } };
    const leak = planOf([claims[2] ?? {}], alone);
    expect(leak.ok ? "taken" : leak.problems[0]?.code).toBe("LL_PLAN_STREAM");
  });
});
