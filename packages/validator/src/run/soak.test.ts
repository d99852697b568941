import { afterEach, describe, expect, it } from "vitest";
import { startStallServer } from "../../../testkit/src/stall-server/index.ts";
import { bindJob, findProfile, jobOfProfile, profileManifestSchema } from "../load/index.ts";
import { loadDeps, removeRuns } from "./load-job.fixture.ts";
import { loadRunPlan, runLoadJob } from "./run-load-job.ts";

afterEach(removeRuns);

const soak = (baseUrl: string, explore = false) =>
  bindJob(
    jobOfProfile(findProfile("soak"), {
      load: { target: { baseUrl }, seed: 7 },
      name: baseUrl,
      manifest: profileManifestSchema.parse({
        model: "m",
        memory: { process: process.pid, series: ["process_resident_memory_bytes"] },
      }),
      terms: { rate: 20, durationMs: 1_000 },
      explore,
    }),
  );

describe("a soak", () => {
  it("declares the growth of memory before it sends, and decides nothing an exploring run would", () => {
    const growth = (explore: boolean) =>
      loadRunPlan(soak("http://127.0.0.1:1", explore)).claims.filter(
        ({ kind }) => kind === "bound",
      );
    expect(growth(false).map(({ id, required }) => [id, required])).toEqual([
      ["target.memory_growth.1", true],
      ["target.memory_growth.2", true],
    ]);
    expect(growth(true).every(({ required }) => !required)).toBe(true);
  });

  it("too short to tell a slope leaves it not tested, with what was seen beside it", async () => {
    await using server = await startStallServer({ delayMs: 1, stallMs: 0, everyMs: 1_000 });
    const { verdict } = await runLoadJob(soak(server.url), loadDeps());
    const growth = verdict.claims.filter(({ id }) => id.startsWith("target.memory_growth"));
    expect(growth.map(({ verdict: word }) => word)).toEqual(["not_tested", "not_tested"]);
    expect(growth[0]?.sentence).toMatch(/samples and 0 gaps tell no slope/);
    expect(verdict.outcome).not.toBe("READY");
  }, 60_000);
});
