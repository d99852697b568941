import type { Claim } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { exportedClaims } from "./exported-claims.ts";
import { readForeign } from "./read-foreign.ts";
import { readResults } from "./results.ts";

const result = (o: object = {}): string =>
  `LOADLINE_RESULT ${JSON.stringify({
    v: 1,
    plan: "p",
    rows: [{ id: "c", part: "all", n: 100, over: 2, limitMs: 500 }],
    ok: { s: { ok: 99, n: 100 } },
    requests: 100,
    lagP99Ms: 2,
    notTested: [{ id: "d", why: "ttft has no stock form in k6" }],
    ...o,
  })}`;

const claim = (o: Partial<Claim>): Claim => ({
  id: "c",
  statement: "s",
  kind: "quantile",
  of: "load.c",
  parts: ["all"],
  target: 0.95,
  limit: 500,
  unit: "ms",
  confidence: 0.95,
  required: true,
  category: "Performance & Capacity",
  rationale: "A user waits for it.",
  ...o,
});

const planOf = (one: Claim, digest: string) => ({
  bound: [{ claim: one, limits: [], notes: [] }],
  digest,
});

describe("results of exported scripts", () => {
  it("are found in a log between other lines", () => {
    const log = `info: starting\n${result()}\nbye\n`;
    expect(readResults(log)).toMatchObject({ scripts: 1, requests: 100, lagP99Ms: 2 });
    expect(readResults("nothing here")).toBeNull();
  });

  it("of several pods add exactly; of latenesses the largest stays, nothing is averaged", () => {
    const sum = readResults(`${result()}\n${result({ lagP99Ms: 9, requests: 50 })}\n`);
    if (sum === null || typeof sum === "string") throw new Error("no sum");
    expect(sum).toMatchObject({ scripts: 2, requests: 150, lagP99Ms: 9 });
    expect(sum.ok).toEqual({ s: { ok: 198, n: 200 } });
    const [made] = exportedClaims(sum, planOf(claim({}), sum.plan), true);
    if (made?.evidence.kind !== "tallies") throw new Error("no tallies");
    const n = made.evidence.parts.reduce((all, { sample }) => all + sample.n, 0);
    const bad = made.evidence.parts.reduce((all, { sample }) => all + sample.sure, 0);
    expect([n, bad]).toEqual([200, 4]);
    expect(made.claim.accept).toBe("imported");
  });

  it("damaged lines, impossible counts and lines of two plans are refused", () => {
    const refused = (text: string): unknown => readResults(text);
    expect(refused('LOADLINE_RESULT {"v":1}')).toContain("damaged");
    expect(refused("LOADLINE_RESULT {nonsense}")).toContain("damaged");
    expect(refused(result({ rows: [{ id: "c", part: "all", n: 1, over: 2 }] }))).toContain(
      "damaged",
    );
    expect(refused(result({ ok: { s: { ok: 3, n: 2 } } }))).toContain("damaged");
    expect(refused(`${result()}\n${result({ plan: "q" })}`)).toContain("several plans");
    expect(() => readForeign([{ name: "x.log", text: 'LOADLINE_RESULT {"v":1}' }])).toThrow(
      "x.log",
    );
  });

  it("logs given as several files are one run", () => {
    const files = [1, 2, 3].map((n) => ({ name: `pod-${n}.log`, text: result() }));
    const run = readForeign(files);
    expect(run.format).toBe("k6-exported-script");
    expect(run.exact?.scripts).toBe(3);
    expect(run.metrics.get("http_req_failed")).toMatchObject({ count: 300, trues: 3 });
  });

  it("a claim the script did not count, or counted against another limit, gets no numbers", () => {
    const sum = readResults(result());
    if (sum === null || typeof sum === "string") throw new Error("no result");
    const of = (one: Claim): unknown =>
      exportedClaims(sum, planOf(one, sum.plan), false)[0]?.evidence;
    expect(of(claim({ id: "d" }))).toMatchObject({
      kind: "none",
      sentence: expect.stringContaining("ttft has no stock form"),
    });
    expect(of(claim({ limit: 400 }))).toMatchObject({
      kind: "none",
      sentence: expect.stringContaining("500 ms, the plan says 400 ms"),
    });
    expect(of(claim({ id: "e" }))).toMatchObject({ kind: "none" });
  });

  it("something was answered is asked of each scenario", () => {
    const text = result({ ok: { a: { ok: 0, n: 9 }, b: { ok: 9, n: 9 } } });
    const sum = readResults(text);
    if (sum === null || typeof sum === "string") throw new Error("no result");
    const alive = claim({ id: "load.alive", kind: "predicate", parts: ["a", "b", "c"] });
    expect(exportedClaims(sum, planOf(alive, "another"), false)[0]?.evidence).toMatchObject({
      kind: "none",
      sentence: expect.stringContaining("another plan"),
    });
    const [made] = exportedClaims(sum, planOf(alive, sum.plan), false);
    expect(made?.evidence).toMatchObject({
      kind: "observations",
      parts: [
        { part: "a", ok: false },
        { part: "b", ok: true },
      ],
    });
    expect(made?.claim.accept).toBeUndefined();
  });
});
