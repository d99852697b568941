import { describe, expect, test } from "vitest";
import { makeClaim } from "../../test/support.ts";
import { dayMsOf, isNotWaivable, parseWaivers, waiverDaysMax } from "./waiver.ts";

const claims = [
  makeClaim({ id: "chat.p99", kind: "quantile", target: 0.99, limit: 2_000 }),
  makeClaim({ id: "selftest.caught", kind: "predicate" }),
  makeClaim({ id: "embeddings.up", kind: "predicate" }),
];

const good = {
  claim: "chat.p99",
  covers: "inconclusive",
  reason: "Known slow start after a deploy, fixed by the next release.",
  owner: "R. Owner",
  approvedBy: "A. Approver",
  created: "2026-04-01",
  expires: "2026-05-01",
  target: "simulator",
  link: "OPS-12",
};
const absent = {
  claim: "embeddings.up",
  feature: "embeddings",
  justification: "This target serves chat and nothing else.",
  approvedBy: "A. Approver",
};

function codes(value: unknown, declares: readonly string[] = []): string[] {
  const parsed = parseWaivers(value, { claims, declares });
  return parsed.ok ? [] : parsed.problems.map(({ code, path }) => `${code} ${path}`);
}
const withKey = (change: object): unknown => ({ waivers: [{ ...good, ...change }] });

describe("parseWaivers", () => {
  test("a waiver that keeps every rule is read as it is written [R4-39]", () => {
    const parsed = parseWaivers({ waivers: [good], notApplicable: [absent] }, { claims });
    expect(parsed).toEqual({ ok: true, file: { waivers: [good], notApplicable: [absent] } });
  });

  test.each(Object.keys(good))("a waiver without %s is refused at that key", (key) => {
    const rest = Object.fromEntries(Object.entries(good).filter(([name]) => name !== key));
    expect(codes({ waivers: [rest] })).toContain(`LL_WAIVER_SHAPE waivers.0.${key}`);
  });

  test.each([
    ["a verdict that is never waived", { covers: "error" }, "LL_WAIVER_SHAPE waivers.0.covers"],
    ["a short reason", { reason: "because" }, "LL_WAIVER_SHAPE waivers.0.reason"],
    ["its own approver", { approvedBy: "r. owner " }, "LL_WAIVER_APPROVER waivers.0.approvedBy"],
    ["more than 90 days", { expires: "2026-07-01" }, "LL_WAIVER_EXPIRY waivers.0.expires"],
    ["an end before its begin", { expires: "2026-03-31" }, "LL_WAIVER_EXPIRY waivers.0.expires"],
    ["a day that is none", { expires: "2026-02-30" }, "LL_WAIVER_SHAPE waivers.0.expires"],
    ["an unknown claim", { claim: "chat.p9" }, "LL_WAIVER_CLAIM waivers.0.claim"],
    ["a claim of integrity", { claim: "selftest.caught" }, "LL_WAIVER_REFUSED waivers.0.claim"],
    ["a key too many", { until: "never" }, "LL_WAIVER_SHAPE waivers.0.until"],
  ])("a waiver with %s is refused by name", (_, change, expected) => {
    expect(codes(withKey(change))).toContain(expected);
  });

  test("two entries about one claim are refused", () => {
    expect(codes({ waivers: [good, good] })).toEqual(["LL_WAIVER_DUPLICATE waivers.1.claim"]);
  });

  test("a feature the plan declares is never not applicable", () => {
    const value = { notApplicable: [absent] };
    expect(codes(value, ["embeddings"])).toEqual([
      "LL_PLAN_NA_CONTRADICTED notApplicable.0.feature",
    ]);
    expect(codes(value, ["health"])).toEqual([]);
  });

  test.each([null, [], "x", 3, { waivers: {} }, { waivers: [null] }, { other: [] }])(
    "%j is a problem, never a crash and never no waivers",
    (value) => {
      expect(codes(value).length).toBeGreaterThan(0);
    },
  );
});

test("90 days are the most, both ends counted as UTC days", () => {
  expect(waiverDaysMax).toBe(90);
  expect(codes(withKey({ created: "2026-01-01", expires: "2026-04-01" }))).toEqual([]);
  expect(codes(withKey({ created: "2026-01-01", expires: "2026-04-02" }))).toHaveLength(1);
  expect(dayMsOf("2024-02-29")).not.toBeNull();
  expect(dayMsOf("2026-02-29")).toBeNull();
});

test("integrity and zero loss are of the classes nobody may waive", () => {
  expect(isNotWaivable({ id: "verify.bundle", of: "x", kind: "predicate" })).toBe(true);
  expect(isNotWaivable({ id: "a", of: "selftest.all", kind: "predicate" })).toBe(true);
  expect(isNotWaivable({ id: "drill.loss", of: "drill", kind: "zero_loss" })).toBe(true);
  expect(isNotWaivable({ id: "verifying.x", of: "y", kind: "predicate" })).toBe(false);
});
