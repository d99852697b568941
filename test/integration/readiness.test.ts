import type { ReasonCode, VerdictDocument } from "@loadline/contract";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeClaim, spread, startRun } from "../../packages/contract/test/support.ts";
import {
  openClaims,
  skipIfHasty,
  skipIfOpen,
  skipUnlessPassed,
  skipUnlessReady,
} from "./readiness.ts";

interface Seen {
  /** Requests of the one claim of load; 473 prove it. */
  readonly n: number;
  readonly bad?: number;
  /** Whether the one claim that is not of load holds. */
  readonly isUp?: boolean;
  readonly guard?: {
    readonly reason: ReasonCode;
    readonly holds: boolean;
    /** Default: all. */
    readonly streams?: readonly string[];
  };
}

/** The fold's own verdict of a run that saw this. */
function verdictOf({ n, bad = 0, isUp = true, guard }: Seen): VerdictDocument {
  const run = startRun([
    makeClaim({ id: "http.up", kind: "predicate" }),
    makeClaim({ id: "load.success", kind: "proportion", target: 0.99 }),
  ]);
  run.observe("http.up", isUp);
  run.tally("load.success", { n, bad, slices: spread(n, bad) });
  if (guard !== undefined) {
    run.add({
      kind: "guard",
      data: {
        guard: "guard.load.pressure",
        invalidates: "fail",
        kinds: ["proportion"],
        streams: ["*"],
        seen: "CPU pressure reached 60 %.",
        ...guard,
      },
    });
  }
  run.close();
  run.end();
  return run.fold();
}

const broken = { reason: "noise", holds: false } as const;

/** What becomes of a test that ends with this. */
function endOf(act: (context: { skip: (note: unknown) => never }) => void): string {
  const notes: string[] = [];
  const skip = (note: unknown): never => {
    notes.push(String(note));
    throw new Error("skipped");
  };
  try {
    act({ skip });
  } catch {
    return notes[0] ?? "failed";
  }
  return "passed";
}

const end = (seen: Seen): string => endOf((context) => skipUnlessReady(context, verdictOf(seen)));

// What these say is no word on this machine.
beforeEach(() => void vi.spyOn(process.stderr, "write").mockReturnValue(true));
afterEach(() => void vi.restoreAllMocks());

describe("skipUnlessReady", () => {
  it("passes where the outcome is READY, whatever a guard says", () => {
    expect(verdictOf({ n: 473 }).outcome).toBe("READY");
    expect(end({ n: 473 })).toBe("passed");
    expect(end({ n: 473, guard: broken })).toBe("passed");
  });

  it("fails where the load is open by its interval and every guard holds", () => {
    expect(openClaims(verdictOf({ n: 100 })).others).toMatchObject([{ reason: "interval" }]);
    expect(end({ n: 100 })).toBe("failed");
    expect(end({ n: 100, guard: { ...broken, holds: true } })).toBe("failed");
  });

  it("is skipped, in the guard's words, where the load is open and the machine was busy", () => {
    expect(end({ n: 100, guard: broken })).toBe(
      "NOT TESTED: load.success (this machine was too busy: CPU pressure reached 60 %.)",
    );
    // A failure that the guard took back is open by the guard's own reason.
    expect(openClaims(verdictOf({ n: 100, bad: 50, guard: broken })).hasty).toMatchObject([
      { reason: "noise" },
    ]);
  });

  it("fails for a broken guard that is no word on the machine", () => {
    expect(end({ n: 100, guard: { ...broken, reason: "gaps" } })).toBe("failed");
  });

  it("fails for what is not of load, or failed, however busy the machine was", () => {
    expect(end({ n: 473, isUp: false, guard: broken })).toBe("failed");
    expect(end({ n: 100, isUp: false, guard: broken })).toBe("failed");
    expect(end({ n: 473, bad: 200 })).toBe("failed");
  });
});

describe("a guard that names one stream", () => {
  // What ran beside it, on the same machine and at the same time, was as busy.
  const guard = { ...broken, streams: ["load.another"] };

  it("speaks for every claim of load that the run left open, by whichever way it is asked", () => {
    const verdict = verdictOf({ n: 100, guard });
    const note = "NOT TESTED: load.success (this machine was too busy: CPU pressure reached 60 %.)";
    expect(openClaims(verdict)).toMatchObject({ hasty: [{ reason: "interval" }], others: [] });
    expect(end({ n: 100, guard })).toBe(note);
    expect(endOf((given) => skipIfHasty(given, verdict))).toBe(note);
    expect(endOf((given) => skipIfOpen(given, verdict, ["load.success"]))).toBe(note);
    expect(endOf((given) => skipUnlessPassed(given, verdict, ["load.success"]))).toBe(note);
  });

  it("takes nothing from a claim that failed outside of it", () => {
    expect(end({ n: 473, bad: 200, guard })).toBe("failed");
  });
});

describe("skipIfHasty", () => {
  it("is skipped for those of load alone, and only on a busy machine", () => {
    const ended = (seen: Seen): string => endOf((given) => skipIfHasty(given, verdictOf(seen)));
    expect(ended({ n: 100, isUp: false, guard: broken })).toContain("NOT TESTED: load.success (");
    expect(ended({ n: 100, isUp: false })).toBe("passed");
    expect(openClaims(verdictOf({ n: 100, isUp: false })).others).toHaveLength(2);
  });
});

describe("skipIfOpen", () => {
  it("is skipped where a busy machine left it open, and for no other claim or reason", () => {
    const ended = (seen: Seen, id = "load.success"): string =>
      endOf((given) => skipIfOpen(given, verdictOf(seen), [id]));
    expect(ended({ n: 100, guard: broken })).toContain("NOT TESTED: load.success (");
    expect(ended({ n: 100 })).toBe("passed");
    expect(ended({ n: 100, guard: broken }, "http.up")).toBe("passed");
    expect(ended({ n: 473, bad: 200 })).toBe("passed");
  });
});

describe("skipUnlessPassed", () => {
  const ended = (ids: readonly string[], seen: Seen): string =>
    endOf((given) => skipUnlessPassed(given, verdictOf(seen), ids));

  it("asks for no other claim", () => {
    expect(ended(["load.success"], { n: 473, isUp: false })).toBe("passed");
    expect(ended(["http.up"], { n: 100 })).toBe("passed");
  });

  it("is skipped for one that a busy machine left open, and fails for one left open on a calm one", () => {
    expect(ended(["load.success"], { n: 100, guard: broken })).toContain(
      "NOT TESTED: load.success (",
    );
    expect(ended(["load.success"], { n: 100 })).toBe("failed");
  });

  it("fails for a claim that failed or is not there, however busy the machine was", () => {
    expect(ended(["http.up"], { n: 473, isUp: false, guard: broken })).toBe("failed");
    expect(ended(["load.other"], { n: 473, guard: broken })).toBe("failed");
  });
});
