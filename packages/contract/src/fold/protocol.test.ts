/** A fault nobody saw and a restore that was not needed prove nothing. */
import { describe, expect, test } from "vitest";
import { judge, makeClaim, short, type TestRun } from "../../test/support.ts";

const by = (id: string) => ({ by: { id, version: "1", digest: "" } });
const kill = makeClaim({ id: "kill", kind: "predicate", of: "chaos.residue", parts: ["a", "b"] });
const orders = makeClaim({ id: "orders", kind: "zero_loss", of: "drill.orders.loss" });
const none = { lost: 0, stale: 0, resurrected: 0, corrupt: 0, phantom: 0, duplicate: 0 };

function seeEffect(run: TestRun, part: string, over: object = {}): void {
  const data = { stream: kill.of, part, seen: true, ...over };
  run.add({ kind: "fault.effect", claims: ["kill"], data, ...by("probe.canary") });
}

function hold(run: TestRun, part: string, ok = true): void {
  const at = { stream: kill.of, part };
  run.add({ kind: "observation", claims: ["kill"], data: { ...at, ok, seen: "" } });
  run.add({ kind: "sample.closed", claims: ["kill"], data: at });
}

describe("a fault", () => {
  test("that took effect in each part lets the parts decide", () => {
    const verdict = judge(kill, (run) => {
      for (const part of kill.parts) {
        seeEffect(run, part);
        hold(run, part);
      }
    });
    expect(short(verdict)).toBe("passed -");
  });

  test("that took effect in one part says nothing of the other", () => {
    const verdict = judge(kill, (run) => {
      seeEffect(run, "a");
      for (const part of kill.parts) hold(run, part);
    });
    expect(verdict.parts.map(({ reason }) => reason)).toEqual([undefined, "effect_unverified"]);
    expect(short(verdict)).toBe("inconclusive effect_unverified");
  });

  test("nobody saw makes a failure as open as a success", () => {
    const verdict = judge(kill, (run) => {
      for (const part of kill.parts) hold(run, part, false);
    });
    expect(short(verdict)).toBe("inconclusive effect_unverified");
    expect(verdict.sentence).toContain("Nobody saw the fault take effect");
  });

  test.each([{ seen: false }, { seen: "yes" }, { stream: "chaos.other" }])(
    "a canary that says %j saw nothing",
    (over) => {
      const verdict = judge(kill, (run) => {
        for (const part of kill.parts) {
          seeEffect(run, part, over);
          hold(run, part);
        }
      });
      expect(short(verdict)).toBe("inconclusive effect_unverified");
    },
  );

  test("its injector is no canary", () => {
    const verdict = judge(kill, (run) => {
      const data = { stream: kill.of, part: "a", seen: true };
      run.add({ kind: "fault.effect", claims: ["kill"], data, ...by("injector.kill") });
      seeEffect(run, "a");
      seeEffect(run, "b");
      for (const part of kill.parts) hold(run, part);
    });
    expect(short(verdict)).toBe("error evidence");
    expect(verdict.sentence).toContain("LL_EVIDENCE_ROLE: injector.kill");
  });

  test("a part without evidence stays not tested", () => {
    expect(short(judge(kill, (run) => seeEffect(run, "a")))).toBe("not_tested not_run");
  });
});

interface Ledger {
  readonly lost?: number;
  readonly readers?: unknown;
  readonly instances?: unknown;
}

function compare(run: TestRun, over: Ledger): void {
  const { lost = 0, ...pairs } = over;
  const at = { stream: orders.of, part: "all" };
  const whole = { acked: 1_000, full: true, classes: { ...none, lost }, control: "caught" };
  const two = { readers: ["x", "y"], instances: ["1", "2"] };
  const own = { claims: ["orders"], ...by("drill.orders") };
  run.add({ ...own, kind: "ledger", data: { ...at, ...whole, ...two, ...pairs } });
  run.add({ ...own, kind: "sample.closed", data: at });
}

const drill = (step: "source.destroyed" | "target.empty" | null, over: Ledger = {}) =>
  judge(orders, (run) => {
    const data = { stream: orders.of, part: "all", seen: true };
    if (step !== null) run.add({ kind: step, claims: ["orders"], data, ...by("drill.orders") });
    compare(run, over);
  });

describe("a drill", () => {
  test.each(["source.destroyed", "target.empty"] as const)("%s lets it pass", (step) => {
    expect(short(drill(step))).toBe("passed -");
  });

  test("without either it is not tested, whatever the ledger says", () => {
    expect(short(drill(null))).toBe("not_tested not_run");
  });

  test("a loss that was seen is one, destroyed or not", () => {
    expect(short(drill(null, { lost: 1 }))).toBe("failed loss");
  });

  test.each([
    { instances: ["1", "1"] },
    { instances: ["1"] },
    { instances: null },
    { instances: ["1", ""] },
    { readers: ["x", "x"] },
    { readers: "xy" },
  ])("compared as %j it was compared with itself", (over) => {
    expect(short(drill("source.destroyed", over))).toBe("error evidence");
  });
});
