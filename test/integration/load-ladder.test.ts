import { once } from "node:events";
import { createServer } from "node:http";
import type { ClaimVerdict } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { listenOnLoopback } from "@loadline/testkit";
import { afterEach, describe, expect, it, type TestContext } from "vitest";
import {
  bindJob,
  findProfile,
  jobOfProfile,
  profileManifestSchema,
} from "../../packages/validator/src/load/index.ts";
import { loadDeps, removeRuns } from "../../packages/validator/src/run/load-job.fixture.ts";
import { runLoadJob } from "../../packages/validator/src/run/run-load-job.ts";
import {
  machinePressurePercent,
  notTested,
  pressurePercentMax,
  quietest,
  skipNotTested,
} from "./machine.ts";

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
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server.close(), "close");
      server.closeAllConnections();
      await closed;
    },
  };
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

const isPassed = (said: ClaimVerdict | undefined): boolean => said?.verdict === "passed";

const isBusy = (): boolean => machinePressurePercent() > pressurePercentMax;

/** One user who waits for a CPU is as slow as many who wait for the target. */
function skipUndecided(context: Pick<TestContext, "skip">, claim: ClaimVerdict | undefined): void {
  const why = `this machine was too busy: ${claim?.sentence ?? "nothing was said"}`;
  skipNotTested(context, [notTested("the speed-up of a ladder", why)]);
}

describe("a ladder against one user alone", () => {
  it("of 1, 5, 20 and 100 passes a target that serves them at once [R1-23] [R1-24]", async (context) => {
    await using target = await startTarget(false);
    const claim = await quietest(() => speedUpOf(target.url, 100, 100), isPassed, 3);
    if (!isPassed(claim) && isBusy()) return skipUndecided(context, claim);
    expect([claim?.verdict, claim?.sentence]).toEqual([
      "passed",
      expect.stringMatching(/^Observed \d+(\.\d+)?, at least 1 wanted\.$/),
    ]);
  }, 60_000);

  it("fails one that brings less with more users, and names the knee [R1-24]", async (context) => {
    await using target = await startTarget(true);
    const said =
      /Observed 0(\.\d+)?, at least 1 wanted\. Of 1, 5, 20 users at once the knee is [15]: more brought waiting alone/;
    const run = () => speedUpOf(target.url, 500, 20);
    const claim = await quietest(run, (one) => said.test(one?.sentence ?? ""), 3);
    if (!said.test(claim?.sentence ?? "") && isBusy()) return skipUndecided(context, claim);
    expect([claim?.verdict, claim?.sentence]).toEqual(["failed", expect.stringMatching(said)]);
  }, 60_000);
});
