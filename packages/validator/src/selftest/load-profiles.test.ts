import { describe, expect, it } from "vitest";
import { bindJob, findProfile, jobOfProfile, profileManifestSchema } from "../load/index.ts";
import { loadProfileFamily } from "./families/load-profiles.ts";
import { cleanFor, saboteurFor } from "./load-saboteurs.ts";
import { listSelftest } from "./run-selftest.ts";
import { simulateLoad } from "./simulated-load.ts";

const job = (id: string) =>
  bindJob(
    jobOfProfile(findProfile(id), {
      load: { target: { baseUrl: "http://127.0.0.1:9" }, seed: 7 },
      name: "simulated",
      manifest: profileManifestSchema.parse({
        model: "m",
        mcp: { tool: "search" },
        rag: {
          ingest: { path: "/a" },
          query: { path: "/b" },
          resultsPath: "results",
          textPath: "text",
        },
      }),
      terms: {},
      explore: false,
    }),
  );

describe("saboteurs of the load profiles", () => {
  it("every claim of every profile is a case of the selftest, with what catches it", () => {
    const ids = listSelftest("profile").map(({ id }) => id);
    const profiles = new Set(ids.map((id) => id.split(".")[1]));
    expect([...profiles].toSorted()).toEqual(
      [
        "baseline",
        "high",
        "levels",
        "light",
        "medium",
        "mix-50",
        "mix-open",
        "mix-ramps",
        "quota-burst",
        "rooms",
        "smoke",
        "soak",
        "users-1000",
      ].toSorted(),
    );
    expect(ids.length).toBeGreaterThan(100);
    expect(ids).toContain("profile.quota-burst.other_key.p99");
    expect(ids).toContain("profile.soak.target.memory_growth.1");
    expect(loadProfileFamily.id).toBe("profile");
  });

  it("a claim nobody knows how to break is refused by the registry, not counted as caught", () => {
    const { bound } = job("users-1000");
    const [first] = bound;
    if (first === undefined) throw new TypeError("no claim");
    const strange = { ...first, limits: [], claim: { ...first.claim, id: "strange" } };
    expect(saboteurFor(strange, cleanFor(job("users-1000")))).toBeNull();
  });

  it("a mix with documents keeps its guard: an iteration of them is one of two steps", () => {
    const mix = job("mix-50");
    const verdict = simulateLoad(mix, cleanFor(mix));
    expect(verdict.guards.filter(({ holds }) => !holds)).toEqual([]);
    expect(verdict.outcome).toBe("READY");
  });

  it("the same target gives the same verdicts, run after run", () => {
    const levels = job("levels");
    const words = () =>
      simulateLoad(levels, cleanFor(levels)).claims.map(({ id, verdict }) => [id, verdict]);
    expect(words()).toEqual(words());
  });
});
