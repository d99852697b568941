import fc from "fast-check";
import { expect, test } from "vitest";
import { makeClaim, makePlan, sha256 } from "../../test/support.ts";
import { contractErrors } from "../errors.ts";
import { readPlan } from "../evidence/read-record.ts";
import { parsePlan } from "./parse-plan.ts";
import { planDigest } from "./run-plan.ts";
import { parseQuantity, parseRatio, quantityMs } from "./units.ts";

const claim = {
  id: "chat.p99",
  statement: "p99 of chat < 2 s",
  kind: "quantile",
  of: "load.chat",
  target: "99 %",
  limit: "2 s",
  category: "Performance & Capacity",
  rationale: "user-facing promise",
};
const plan = (...claims: unknown[]): unknown => ({
  target: { baseUrl: "http://127.0.0.1:8080" },
  claims,
});

function problems(value: unknown, streams?: readonly string[]): string[] {
  const read = parsePlan(value, streams ? { streams } : {});
  return read.ok ? [] : read.problems.map((p) => `${p.code} ${p.path}: ${p.message}`);
}

test("a plan takes its defaults and typed quantities", () => {
  const read = parsePlan(plan(claim));
  expect(read).toMatchObject({
    ok: true,
    plan: {
      schema: "loadline-plan/v1",
      confidence: 0.95,
      maxWaived: 3,
      target: { name: "http://127.0.0.1:8080" },
      claims: [
        {
          parts: ["all"],
          target: 0.99,
          limit: 2_000,
          unit: "ms",
          required: true,
          confidence: 0.95,
        },
      ],
    },
  });
});

test("a parsed plan parses again to itself, with the same digest", () => {
  const first = parsePlan(plan(claim));
  if (!first.ok) throw new Error("refused");
  const again = parsePlan(JSON.parse(JSON.stringify(first.plan)));
  expect(again).toEqual(first);
  expect(again.ok && planDigest(again.plan, sha256)).toBe(planDigest(first.plan, sha256));
});

test("a wrong key names its path and the nearest right one", () => {
  expect(problems(plan({ ...claim, statment: "x" }))).toEqual([
    "LL_PLAN_KEY claims[0].statment: There is no key statment. Did you mean statement?",
  ]);
  const withTop = { ...(plan(claim) as object), budgetMinute: 3 };
  expect(problems(withTop)[0]).toContain("Did you mean budgetMinutes?");
});

test("a kind that is not built is refused by name", () => {
  for (const kind of ["zero_lose", "zero loss", "availability"]) {
    expect(problems(plan({ ...claim, kind }))[0]).toMatch(
      new RegExp(`^LL_PLAN_KIND claims\\[0\\].kind: The kind ${kind} is not built`),
    );
  }
});

test("a quantity without its unit and a percent as a ratio are LL_PLAN_UNIT", () => {
  expect(problems(plan({ ...claim, target: 99 }))[0]).toMatch(/^LL_PLAN_UNIT claims\[0\].target/);
  expect(problems(plan({ ...claim, limit: 2 }))[0]).toMatch(/^LL_PLAN_UNIT claims\[0\].limit/);
  expect(problems(plan({ ...claim, limit: "2 records" }))[0]).toMatch(/^LL_PLAN_UNIT/);
});

test("nothing to decide, names used twice and unknown streams are refused", () => {
  expect(problems(plan())).toEqual(["LL_PLAN_EMPTY_CLAIM claims: The plan promises nothing."]);
  expect(problems(plan({ ...claim, parts: [] }))[0]).toMatch(/^LL_PLAN_EMPTY_CLAIM/);
  expect(problems(plan(claim, claim))[0]).toMatch(/^LL_PLAN_DUPLICATE/);
  expect(problems(plan({ ...claim, parts: ["a", "a"] }))[0]).toMatch(/^LL_PLAN_DUPLICATE/);
  expect(problems(plan(claim), ["load.chats"])).toEqual([
    "LL_PLAN_STREAM claims[0].of: No stage produces load.chat. Did you mean load.chats?",
  ]);
});

test("a key the kind does not read, a missing one and a certain target are refused", () => {
  expect(problems(plan({ ...claim, items: ["a"] }))[0]).toMatch(/^LL_PLAN_KEY claims\[0\].items/);
  const { limit: _limit, ...open } = claim;
  expect(problems(plan(open))[0]).toMatch(/^LL_PLAN_SHAPE claims\[0\].limit/);
  expect(problems(plan({ ...claim, target: "100 %" }))[0]).toMatch(/^LL_PLAN_SHAPE/);
});

test("each kind of the later ones takes its own keys and no others", () => {
  const { target: _target, limit: _limit, ...bare } = claim;
  const read = (more: object) => {
    const parsed = parsePlan(plan({ ...bare, ...more }));
    return parsed.ok ? parsed.plan.claims[0] : parsed.problems[0]?.code;
  };
  expect(read({ kind: "zero_loss", min: 5_000 })).toMatchObject({ min: 5_000 });
  expect(read({ kind: "zero_loss", target: "0 records" })).toBe("LL_PLAN_KEY");
  const uptime = { kind: "time_availability", target: "99.5 %", limit: "30 s" };
  expect(read(uptime)).toMatchObject({ target: 0.995, limit: 30_000, unit: "ms" });
  expect(read({ ...uptime, limit: 30 })).toBe("LL_PLAN_UNIT");
  expect(read({ ...uptime, limit: "3 records" })).toBe("LL_PLAN_UNIT");
  expect(read({ ...uptime, target: "100 %" })).toBe("LL_PLAN_SHAPE");
  expect(read({ kind: "window_slo", target: "99.9 %" })).toMatchObject({ target: 0.999 });
  expect(read({ kind: "window_slo" })).toBe("LL_PLAN_SHAPE");
  const sequence = { kind: "proportion", target: 0.99, mode: "sequential" };
  expect(read(sequence)).toMatchObject({ mode: "sequential" });
  expect(read({ ...sequence, over: "60 s" })).toBe("LL_PLAN_KEY");
  expect(read({ kind: "predicate", mode: "sequential" })).toBe("LL_PLAN_KEY");
  expect(read({ ...sequence, mode: "adaptive" })).toBe("LL_PLAN_SHAPE");
});

test("any value at all gives problems from the table and never throws", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      for (const input of [value, plan(value), plan({ ...claim, target: value })]) {
        const read = parsePlan(input);
        if (read.ok) continue;
        expect(read.problems.length).toBeGreaterThan(0);
        for (const { code } of read.problems) expect(contractErrors.table).toHaveProperty(code);
      }
    }),
  );
});

test("units are typed: percent, ratio and time", () => {
  expect(parseRatio("99.5 %")).toBe(0.995);
  expect([parseRatio(1.5), parseRatio("0.5"), parseRatio("101 %")]).toEqual([null, null, null]);
  expect(parseQuantity("1.5e3 ms")).toEqual({ value: 1_500, unit: "ms" });
  expect(quantityMs({ value: 2, unit: "min" })).toBe(120_000);
  expect(quantityMs({ value: 2, unit: "records" })).toBeNull();
  expect(parseQuantity("2")).toBeNull();
});

test("the digest of a plan does not depend on the order of its keys", () => {
  const made = makePlan([makeClaim({ id: "a", kind: "predicate" })]);
  const turned = readPlan(Object.fromEntries(Object.entries(made).reverse()));
  if (!turned) throw new Error("refused");
  expect(planDigest(turned, sha256)).toBe(planDigest(made, sha256));
});

test("a mean keeps to a side of its limit, a comparison has a share, a window is a time", () => {
  const { target: _target, ...rest } = claim;
  const mean = { ...rest, kind: "mean", limit: "120 ms", side: "above", over: "60 s", min: 40 };
  const parsed = parsePlan(plan(mean));
  expect(parsed.ok && parsed.plan.claims[0]).toMatchObject({
    limit: 120,
    unit: "ms",
    side: "above",
    over: 60_000,
    min: 40,
  });
  const worse = parsePlan(plan({ ...rest, kind: "comparison", limit: "10 %" }));
  expect(worse.ok && worse.plan.claims[0]).toMatchObject({ limit: 0.1, unit: "ratio" });
  expect(problems(plan({ ...mean, over: "half a minute" }))[0]).toMatch(/^LL_PLAN_UNIT .*over/);
  expect(problems(plan({ ...rest, kind: "comparison", limit: "10 ms" }))[0]).toMatch(
    /^LL_PLAN_UNIT .*limit/,
  );
});
