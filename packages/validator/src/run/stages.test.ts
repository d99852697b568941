import { describe, expect, it } from "vitest";
import type { Draft } from "../evidence/recorder.ts";
import { planFileSchema, stageNames } from "../plan/manifest.ts";
import { buildPlan } from "../plan/build-plan.ts";
import { laterStages } from "./later-stages.ts";
import { stages } from "./stages.ts";
import type { StageContext } from "./stage.ts";

describe("the stages of a run", () => {
  it("are those a plan may skip, each once, in its order, behind the preflight", () => {
    expect(stages.map(({ id }) => id)).toEqual(["preflight", ...stageNames]);
  });

  it("feed streams of their own: no claim is fed by two of them", () => {
    const feeds = stages.map((stage) => stage.feeds).filter((prefix) => prefix !== "");
    expect(feeds).toHaveLength(stageNames.length);
    for (const one of feeds) {
      expect(feeds.filter((other) => other.startsWith(one))).toEqual([one]);
      expect(one.endsWith(".")).toBe(true);
    }
  });

  it("every claim of every profile is fed by one of them, so that none is left out in silence", () => {
    for (const profile of ["quick", "full"] as const) {
      const file = planFileSchema.parse({ profile, target: { url: "http://127.0.0.1:9/v1" } });
      const { claims } = buildPlan(file);
      expect(claims.length).toBeGreaterThan(0);
      for (const { id, of } of claims) {
        const fed = stages.filter(({ feeds }) => feeds !== "" && of.startsWith(feeds));
        expect(fed, `${profile} ${id}`).toHaveLength(1);
      }
    }
  });
});

describe("stages that are only declared", () => {
  const file = planFileSchema.parse({ profile: "full", target: { url: "http://127.0.0.1:9/v1" } });
  const plan = buildPlan(file);

  it.each(laterStages.map((stage) => [stage.id, stage] as const))(
    "%s says of exactly its own claims that they were not tested, and takes no time",
    async (id, stage) => {
      const said: Draft[] = [];
      const recorder = { append: (draft: Draft) => said.push(draft) };
      const context = { plan, recorder } as unknown as StageContext;
      await stage.run(context);
      const own = plan.claims.filter(({ of }) => of.startsWith(`${id}.`));
      expect(said.map(({ claims }) => claims)).toEqual(own.map((claim) => [claim.id]));
      expect(said.every(({ kind }) => kind === "skip")).toBe(true);
      expect(said.every(({ data }) => data["reason"] === "not_run")).toBe(true);
      expect(stage).toMatchObject({ isDeclaredOnly: true, feeds: `${id}.` });
    },
  );

  it("a full plan has claims of them, so that it cannot be READY in this build", () => {
    const own = plan.claims.filter(({ of }) => laterStages.some((s) => of.startsWith(s.feeds)));
    expect(own.some(({ required }) => required)).toBe(true);
  });
});
