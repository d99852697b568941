import { describe, expect, test } from "vitest";
import { judge, makeClaim, only, short, startRun } from "../test/support.ts";
import type { Claim } from "./claim.ts";
import { fold } from "./fold.ts";

const up = makeClaim({ id: "up", kind: "predicate" });
const success = makeClaim({ id: "success", kind: "proportion", target: 0.99 });

describe("guards", () => {
  const guard = (holds: boolean, invalidates: string, streams = ["*"]) => ({
    kind: "guard" as const,
    data: {
      guard: "guard.load.pacer",
      holds,
      invalidates,
      kinds: ["predicate"],
      streams,
      reason: "generator",
      seen: "Late by 12 ms.",
    },
  });
  const decide = (ok: boolean, ...args: Parameters<typeof guard>): string =>
    short(judge(up, (run) => (run.observe("up", ok), run.close(), run.add(guard(...args)))));

  test("a breach takes exactly the named verdicts away", () => {
    expect(decide(true, false, "pass")).toBe("inconclusive generator");
    expect(decide(false, false, "pass")).toBe("failed false");
    expect(decide(true, false, "fail")).toBe("passed -");
    expect(decide(false, false, "fail")).toBe("inconclusive generator");
    expect(decide(true, false, "both")).toBe("inconclusive generator");
  });

  test("a guard that holds, or watches another stream, changes nothing", () => {
    expect(decide(true, true, "both")).toBe("passed -");
    expect(decide(true, false, "both", ["other"])).toBe("passed -");
    expect(decide(true, false, "both", ["stream"])).toBe("inconclusive generator");
  });
});

describe("parts", () => {
  const claim = { ...up, parts: ["a", "b"] };

  test("the worst part is the claim, and a part without evidence is not passed", () => {
    const half = judge(claim, (run) => (run.observe("up", true, "a"), run.close("a")));
    expect(short(half)).toBe("not_tested not_run");
    expect(half.parts.map((part) => part.verdict)).toEqual(["passed", "not_tested"]);
    const both = judge(claim, (run) => {
      for (const part of ["a", "b"]) {
        run.observe("up", part === "a", part);
        run.close(part);
      }
    });
    expect(short(both)).toBe("failed false");
    expect(both.sentence).toMatch(/^b: /);
  });

  test("evidence for a part never declared is error(evidence)", () => {
    const verdict = judge(up, (run) => {
      run.observe("up", true);
      run.observe("up", false, "hidden");
      run.close();
    });
    expect(short(verdict)).toBe("error evidence");
  });
});

describe("skips and broken checks", () => {
  const withNote = (kind: "skip" | "check.error", data: Record<string, unknown>): string =>
    short(
      judge(up, (run) => {
        run.add({ kind, claims: ["up"], data: { sentence: "Because.", ...data } });
        run.close();
      }),
    );

  test("a skip names its reason and is not_tested", () => {
    expect(withNote("skip", { reason: "tool_missing" })).toBe("not_tested tool_missing");
    expect(withNote("skip", { reason: "passed" })).toBe("not_tested skipped");
  });

  test("why there is no evidence is said, not only that there is none", () => {
    for (const sentence of ["A first word.", "Zero requests fell due."]) {
      const verdict = judge(up, (run) => {
        run.add({ kind: "skip", claims: ["up"], data: { reason: "not_run", sentence } });
        run.close();
      });
      expect([short(verdict), verdict.sentence]).toEqual(["not_tested not_run", sentence]);
    }
  });

  test("a broken check is error, whatever else was seen", () => {
    expect(withNote("check.error", { reason: "crashed" })).toBe("error crashed");
    const seen = judge(up, (run) => {
      run.observe("up", true);
      run.close();
      run.add({ kind: "check.error", claims: ["up"], data: { reason: "undo_failed" } });
    });
    expect(short(seen)).toBe("error undo_failed");
  });

  test("an error before any byte reached the target may be repeated twice", () => {
    const attempt = (number: number): string =>
      short(
        judge(up, (run) => {
          const data = { reason: "crashed", attempt: number };
          run.add({ kind: "check.error", claims: ["up"], data });
          run.observe("up", true);
          run.close();
        }),
      );
    expect(attempt(2)).toBe("passed -");
    expect(attempt(3)).toBe("error crashed");
  });
});

describe("where evidence comes from", () => {
  test("records of another run are refused", () => {
    const old = startRun([up], "run-0");
    const stale = old.observe("up", true);
    const run = startRun([up]);
    run.close();
    const records = [...run.records, { ...stale, seq: 1 }];
    const o = { chainHead: "", planDigest: run.fold().planDigest, now: "" };
    expect(short(only(fold(run.plan, records, o)))).toBe("error silent");
  });

  test("imported results count only where accepted, named and fresh", () => {
    const decide = (claim: Claim, data: Record<string, unknown>): string =>
      short(
        judge(claim, (run) => {
          run.add({
            kind: "observation",
            claims: ["up"],
            provenance: "imported",
            data: { stream: "stream", part: "all", ok: true, seen: "", ...data },
          });
          run.close();
        }),
      );
    const accepting: Claim = { ...up, accept: "imported" };
    const fresh = { importedFrom: "k6", measuredAt: "2026-04-12T09:00:00.000Z" };
    expect(decide(accepting, fresh)).toBe("passed -");
    expect(decide(up, fresh)).toBe("inconclusive foreign");
    expect(decide(accepting, { ...fresh, importedFrom: "" })).toBe("inconclusive foreign");
    expect(decide(accepting, { ...fresh, measuredAt: "2026-04-11T09:00:00.000Z" })).toBe(
      "not_tested stale",
    );
    expect(decide(accepting, { importedFrom: "k6" })).toBe("not_tested stale");
  });

  test("a run started with another plan is error(evidence) throughout", () => {
    const run = startRun([up]);
    run.observe("up", true);
    run.close();
    run.end();
    const document = fold(run.plan, run.records, { chainHead: "", planDigest: "other", now: "" });
    expect(document.claims.map(short)).toEqual(["error evidence"]);
  });
});

test("the document names tools, limits and the bound on a false alarm", () => {
  const run = startRun([success]);
  const tool = { id: "pg_dump", found: false, detail: "not on PATH" };
  run.add({ kind: "note", data: { tool }, doesNotProve: ["other hardware"] });
  run.tally("success", { n: 299, bad: 0 });
  run.close();
  run.end();
  const document = run.fold();
  expect(document.tools).toEqual([tool]);
  expect(document.limits).toContain("other hardware");
  expect(document.limits.join(" ")).toContain("at most 5 % of runs");
  expect(document.slo_compliance).toEqual({ success: "passed" });
  expect(document.target).toBe("simulator http://127.0.0.1:9/v1");
});
