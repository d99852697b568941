import { createServer } from "node:http";
import type { ClaimVerdict } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { serveOnLoopback } from "@loadline/testkit";
import { afterEach, describe, expect, it } from "vitest";
import {
  bindJob,
  findProfile,
  jobOfProfile,
  profileManifestSchema,
} from "../../packages/validator/src/load/index.ts";
import { loadDeps, removeRuns } from "../../packages/validator/src/run/load-job.fixture.ts";
import { runLoadJob } from "../../packages/validator/src/run/run-load-job.ts";
import { judgeRounds, unless } from "./load/rounds.ts";

const clock = systemClock();
const ownMs = 2;
/** What each of more than `roomMax` at once waits for. */
const crowdedMs = 200;
const roomMax = 5;

afterEach(removeRuns);

/** Answers after `ownMs`; one that is `narrow` thrashes once more than `roomMax` wait. */
async function startTarget(isNarrow: boolean) {
  let waiting = 0;
  const server = createServer((_, response) => {
    waiting++;
    clock.after(isNarrow && waiting > roomMax ? crowdedMs : ownMs, () => {
      waiting--;
      response.end("{}");
    });
  });
  return await serveOnLoopback(server);
}

/** What a ladder of 1, 5, 20 and 100 users says of the speed-up. */
async function speedUpOf(
  url: string,
  holdMs: number,
  users: number,
): Promise<ClaimVerdict | undefined> {
  const job = jobOfProfile(findProfile("levels"), {
    load: { target: { baseUrl: url }, seed: 7 },
    name: url,
    manifest: profileManifestSchema.parse({ model: "m", routes: [{ name: "a", path: "/a" }] }),
    terms: { durationMs: holdMs * 3, users },
    explore: true,
  });
  // The levels before the ladder take four times as long, and are shown elsewhere.
  const { ladder } = job.load.scenarios;
  if (ladder === undefined) throw new Error("the profile has a ladder");
  const load = { ...job.load, scenarios: { ladder: { ...ladder, startMs: 0 } } };
  const { verdict } = await runLoadJob(bindJob({ ...job, load, thresholds: {} }), loadDeps());
  return verdict.claims.find(({ id }) => id === "ladder.speed_up");
}

/** Says what is off where the claim is not this; a ladder that makes no claim fails on any machine. */
const judging =
  (run: () => Promise<ClaimVerdict | undefined>, verdict: string, said: RegExp) =>
  async (): Promise<readonly string[]> => {
    const claim = await run();
    expect(claim).toBeDefined();
    const [word, sentence] = [claim?.verdict ?? "", claim?.sentence ?? ""];
    // One user who waits for a CPU is as slow as many who wait for the target.
    return unless(word === verdict && said.test(sentence), `${word}: ${sentence}`);
  };

describe("a ladder against one user alone", () => {
  it("of 1, 5, 20 and 100 passes a target that serves them at once [R1-23] [R1-24]", async (context) => {
    await using target = await startTarget(false);
    const said = /^Observed \d+(\.\d+)?, at least 1 wanted\.$/;
    await judgeRounds(
      context,
      judging(() => speedUpOf(target.url, 100, 100), "passed", said),
    );
  }, 60_000);

  it("fails one that brings less with more users, and names the knee [R1-24]", async (context) => {
    await using target = await startTarget(true);
    const said =
      /Observed 0(\.\d+)?, at least 1 wanted\. Of 1, 5, 20 users at once the knee is [15]: more brought waiting alone/;
    await judgeRounds(
      context,
      judging(() => speedUpOf(target.url, 500, 20), "failed", said),
    );
  }, 60_000);
});
