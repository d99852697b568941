import { type Claim, minimumN } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import { planFileSchema } from "../plan/manifest.ts";
import { readOwnClaims } from "./read.ts";

const target = { url: "http://127.0.0.1:9/v1" };
const shared = {
  statement: "holds in this window",
  category: "Performance & Capacity",
  rationale: "a promise to users",
};
const good = {
  ...shared,
  id: "mine.success",
  kind: "proportion",
  of: "load.chat.errors",
  target: "99 %",
};

const planOf = (claims: unknown, more: object = {}) =>
  parsePlanFile(JSON.stringify({ target, ...more, claims }, null, 1));

/** Code, path and line of each problem, with what it says. */
function problemsOf(claims: unknown, more: object = {}): string[] {
  const parsed = planOf(claims, more);
  return parsed.ok ? [] : parsed.problems.map((p) => `${p.code} ${p.path}: ${p.message}`);
}

describe("claims of a plan file's own", () => {
  it("are declared beside those of the stages, with parts of their stream and typed limits", () => {
    const keyed = { ...shared, id: "mine.auth", kind: "predicate", of: "probe.openai.auth" };
    const slow = {
      ...shared,
      id: "mine.p999",
      kind: "quantile",
      of: "load.stream.response_time",
      target: "99.9 %",
      limit: "3 s",
    };
    const parsed = planOf([good, keyed, slow]);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const own = parsed.plan.claims.slice(-3);
    const auth = parsed.plan.claims.find(({ id }) => id === "openai.auth");
    expect(own.map(({ id }) => id)).toEqual(["mine.success", "mine.auth", "mine.p999"]);
    expect(own[0]).toMatchObject({ target: 0.99, confidence: 0.95, required: true });
    expect(own[1]?.parts).toEqual(auth?.parts);
    expect(own[2]).toMatchObject({ target: 0.999, limit: 3_000, unit: "ms" });
    expect(parsed.plan.stages["own"]).toEqual(["mine.success", "mine.auth", "mine.p999"]);
  });

  it("a plan without them is the plan it was, with the same keys", () => {
    const bare = parsePlanFile(JSON.stringify({ target }));
    expect(bare.ok && Object.keys(bare.plan.stages)).not.toContain("own");
    expect(bare.ok && Object.keys(bare.plan)).not.toContain("retries");
  });

  it("an unknown stream is refused with its line and the nearest one", () => {
    const parsed = planOf([good, { ...good, id: "b", of: "load.chat.error" }]);
    if (parsed.ok) throw new Error("taken");
    expect(parsed.problems).toEqual([
      {
        code: "LL_PLAN_STREAM",
        path: "claims[1].of",
        message: "No stage produces load.chat.error. Did you mean load.chat.errors?",
        line: 21,
      },
    ]);
  });

  it("a stream that does not decide the kind, and a part it does not have, are refused", () => {
    expect(problemsOf([{ ...good, of: "load.chat.response_time" }])).toEqual([
      "LL_PLAN_STREAM claims[0].of: load.chat.response_time decides claims of the kind quantile, mean, not proportion.",
    ]);
    const auth = { ...shared, id: "a", kind: "predicate", of: "probe.openai.auth" };
    expect(problemsOf([{ ...auth, parts: ["nobody"] }])[0]).toContain("has no part nobody");
    expect(problemsOf([{ ...good, parts: ["x"] }])).toEqual([
      "LL_PLAN_STREAM claims[0].of: load.chat.errors has no part x; it has all.",
    ]);
    expect(problemsOf([{ ...good, parts: ["all"] }])).toEqual([]);
    const stack = { services: { m: { kind: "prometheus", url: "http://127.0.0.1:9" } } };
    const parsed = parsePlanFile(JSON.stringify({ stack, claims: [good] }));
    expect(parsed.ok ? [] : parsed.problems.map(({ code }) => code)).toEqual(["LL_PLAN_STREAM"]);
  });

  it("a bare number, a foreign unit, a short rationale and a taken name are refused", () => {
    const p99 = { ...good, kind: "quantile", of: "load.chat.response_time" };
    expect(problemsOf([{ ...p99, limit: 2 }])[0]).toMatch(/^LL_PLAN_UNIT claims\[0\].limit/);
    expect(problemsOf([{ ...p99, limit: "2 records" }])[0]).toMatch(/^LL_PLAN_UNIT/);
    expect(problemsOf([{ ...good, target: 99 }])[0]).toMatch(/^LL_PLAN_UNIT claims\[0\].target/);
    const { target: _target, ...mean } = { ...p99, kind: "mean", limit: "3 requests/s" };
    expect(problemsOf([mean])[0]).toMatch(/^LL_PLAN_UNIT .*measured in ms, not in requests\/s/);
    expect(problemsOf([{ ...good, rationale: "short" }])[0]).toMatch(/LL_PLAN_SHAPE .*rationale/);
    expect(problemsOf([{ ...good, id: "load.chat.success" }])).toEqual([
      "LL_PLAN_DUPLICATE claims[0].id: A stage or an objective has a claim named load.chat.success.",
    ]);
    expect(problemsOf([good, good])[0]).toMatch(/^LL_PLAN_DUPLICATE/);
    expect(problemsOf([{ ...good, kind: "chaos" }])[0]).toMatch(/^LL_PLAN_KIND claims\[0\].kind/);
    expect(problemsOf([{ ...good, statment: "x" }])[0]).toMatch(/Did you mean "statement"/);
  });

  it("a rate says what the load asks for, of an objective as of a claim; more of it proves nothing", () => {
    const rate = { ...shared, kind: "mean", of: "load.stream.good_per_second", side: "above" };
    const claim = { ...rate, id: "mine.rate", limit: "30 requests/s" };
    const seen = (more: object) => {
      const parsed = planOf([claim], more);
      const made = parsed.ok ? parsed.plan.claims.at(-1) : undefined;
      return made === undefined ? [] : [made.offered, minimumN(made)];
    };
    expect(seen({})).toEqual([20, null]);
    expect(seen({ load: { ratePerSecond: 40 } })).toEqual([40, 30]);
    const file = planFileSchema.parse({ target });
    const objective: Claim = {
      ...shared,
      id: "slo.chat.throughput",
      category: "Performance & Capacity",
      kind: "mean",
      of: "load.chat.good_per_second",
      side: "above",
      limit: 100,
      unit: "requests/s",
      parts: ["all"],
      confidence: 0.95,
      required: true,
    };
    const { claims } = readOwnClaims(file, [], [objective]);
    expect(claims).toEqual([{ ...objective, offered: 20 }]);
    const other = { ...objective, of: "load.chat.service_time" };
    expect(readOwnClaims(file, [], [other]).claims).toEqual([other]);
  });

  it("windows have the names of the load's, and one longer than the load is refused", () => {
    const over = { ...good, over: "10 s" };
    const parsed = planOf([over], { load: { durationSeconds: 35 } });
    expect(parsed.ok && parsed.plan.claims.at(-1)?.parts).toEqual(["w1", "w2", "w3"]);
    expect(problemsOf([{ ...good, over: "60 s" }])[0]).toMatch(/LL_PLAN_SHAPE .*no window of 60 s/);
    const auth = { ...shared, id: "a", kind: "proportion", of: "drill.rto", target: 0.9 };
    expect(problemsOf([auth])[0]).toMatch(/^LL_PLAN_STREAM/);
  });

  it("a loss is promised of a drill's ledger, and the plan takes it without a drill stage", () => {
    const loss = { ...shared, id: "mine.loss", kind: "zero_loss", of: "drill.orders.loss" };
    const parsed = planOf([loss]);
    expect(parsed.ok && parsed.plan.claims.at(-1)).toMatchObject({ kind: "zero_loss" });
    expect(problemsOf([{ ...loss, of: "drill.orders.los" }])[0]).toMatch(/^LL_PLAN_STREAM/);
    expect(problemsOf([{ ...loss, of: "load.chat.errors" }])[0]).toMatch(/^LL_PLAN_STREAM/);
  });

  it("maxAge is a time with its unit, retries 0 to 2", () => {
    const read = (more: object) => {
      const parsed = planOf([good], more);
      return parsed.ok ? [parsed.plan.maxAgeMs, parsed.plan.retries] : parsed.problems[0]?.path;
    };
    expect(read({ maxAge: "2 h", retries: 0 })).toEqual([7_200_000, 0]);
    expect(read({ maxAge: "24" })).toBe("maxAge");
    expect(read({ maxAge: "721 h" })).toBe("maxAge");
    expect(read({ retries: 3 })).toBe("retries");
  });
});
