import type { Claim, ClaimVerdict } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../../test/fixture-model.ts";
import { one, openPage, textsOf } from "../../../test/page/page.ts";
import { claimOf, viewOf, withClaims } from "../../../test/view.ts";
import { StageView, type StageScreen } from "./stage-view.tsx";

const stages: readonly StageScreen[] = ["chaos", "audit", "drills", "slo"];

/** A model with one claim of each stage, decided by streams of other names than the claims'. */
function modelOf(more: Partial<ClaimVerdict> = {}) {
  const streams = ["load.chat", "chaos.kill", "audit.families", "drill.restore", "slo.chat"];
  const claims = streams.map((_, at) => ({ ...claimOf("not_tested"), ...more, id: `own.c${at}` }));
  const planned = streams.map((of, at): Claim => ({
    id: `own.c${at}`,
    statement: "It holds",
    kind: "trials",
    of,
    parts: ["all"],
    confidence: 0.95,
    required: true,
    category: "Operational Readiness",
    rationale: "A promise to users.",
  }));
  const model = withClaims(claims);
  return { ...model, plan: { ...model.plan, claims: planned } };
}

describe("stage view", () => {
  it.each([
    ["chaos", "own.c1"],
    ["audit", "own.c2"],
    ["drills", "own.c3"],
    ["slo", "own.c4"],
  ] as const)("%s holds the claims of its own stage, as not tested as they are", (stage, id) => {
    using page = openPage();
    const root = page.show(<StageView {...viewOf(modelOf())} stage={stage} />);
    expect(textsOf(root, ".claim-row a.id")).toEqual([id]);
    expect(textsOf(root, ".verdict-word")).toEqual(["not_tested"]);
    expect(root.querySelectorAll(".mark-passed")).toHaveLength(0);
  });

  it.each(stages)(
    "%s that no plan asks about reads as untested, never as nothing wrong",
    (stage) => {
      using page = openPage();
      const root = page.show(<StageView {...viewOf(fixtureModel({ claims: 3 }))} stage={stage} />);
      const said = one(root, ".notice").textContent;
      expect(said).toContain("makes no claim about it, so nothing of it was tested");
      expect(said).toContain("loadline plan");
      expect(root.querySelectorAll(".mark, .rows")).toHaveLength(0);
      expect(root.textContent).not.toContain("passed");
    },
  );

  it.each(["window_slo", "time_availability"] as const)(
    "an objective over time, %s, is one of the SLOs whatever stage decides it",
    (kind) => {
      using page = openPage();
      const root = page.show(<StageView {...viewOf(modelOf({ kind }))} stage="slo" />);
      expect(textsOf(root, ".claim-row a.id")).toHaveLength(5);
    },
  );
});
