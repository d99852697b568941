import { systemClock } from "@loadline/kit/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { startScriptedServer } from "../../../../testkit/src/stall-server/index.ts";
import { createFlight } from "../engine/flight.ts";
import { bindJob } from "../job.ts";
import { jobOfFile } from "../job-of-file.ts";
import { planFolder, ran } from "../plan/run.fixture.ts";
import type { LoadLimit, LoadPlan } from "../types.ts";
import { Recorder } from "./recorder.ts";

const clock = systemClock();
const limit: LoadLimit = {
  scenario: "s",
  metric: "response_time",
  limitMs: 100,
  quantile: 0.9,
  claim: "c",
  stream: "load.c",
  part: "all",
};
const request = { kind: "http", method: "GET", path: "/" } as const;
const plan: LoadPlan = {
  target: { baseUrl: "http://127.0.0.1" },
  seed: 1,
  scenarios: {
    s: { executor: "constant-vus", vus: 1, durationMs: 3_000, warmupMs: 1_000, request },
  },
  limits: [limit, { ...limit, metric: "iteration_duration", claim: "i", stream: "load.i" }],
};

/** A request due at a time, answered after another. */
function answer(recorder: Recorder, intendedMs: number, tookMs: number): void {
  const flight = createFlight(0, 0, intendedMs);
  recorder.due(0, flight);
  const doneMs = intendedMs + tookMs;
  Object.assign(flight, { wakeMs: intendedMs, sendMs: intendedMs, doneMs });
  recorder.ended(flight, "ok");
}

describe("the phases of a run", () => {
  it("what was due in the window counts whenever it is answered; what is due later never does", () => {
    const requests = fc.array(fc.tuple(fc.nat(5_999), fc.nat(9_000)), { maxLength: 60 });
    fc.assert(
      fc.property(requests, fc.option(fc.nat(4_000)), (asked, stoppedMs) => {
        const recorder = new Recorder(plan);
        recorder.begin(500);
        const [record] = recorder.scenarios;
        if (stoppedMs !== null) record?.stop(500 + stoppedMs);
        for (const [atMs, tookMs] of asked) answer(recorder, 500 + atMs, tookMs);
        for (const [atMs] of asked) record?.iteration(500 + atMs, 1, "");
        const endMs = Math.min(3_000, stoppedMs ?? Number.POSITIVE_INFINITY);
        const within = asked.filter(([atMs]) => atMs >= 1_000 && atMs < endMs).length;
        expect(record?.limits.map(({ n }) => n)).toEqual([within, within]);
        expect(record?.series.measured).toBe(within);
        // Nothing leaves the account for being of another phase.
        expect(recorder.accounts()[0]).toMatchObject({ due: asked.length, ok: asked.length });
      }),
    );
  });

  it("a step that is asked after the end is in the account and in no claim", async () => {
    await using server = await startScriptedServer((_request, socket) => {
      clock.after(350, () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
      return undefined;
    });
    using folder = planFolder();
    const file = await folder.compile(`load:
  target: { baseUrl: "${server.url}" }
  scenarios:
    s: { executor: constant-arrival-rate, rate: 10, duration: 500ms, gracefulStop: 20s, steps: [{ name: a, http: /a }, { name: b, http: /b }] }
  thresholds: { response_time: ["p(50)<60s"] }
`);
    const { load } = bindJob(jobOfFile(file, { profile: "test", explore: true }));
    const { records, accounts } = await ran(load);
    expect(accounts[0]).toMatchObject({ due: 10, ok: 10 });
    const [tally] = records.flatMap((one) =>
      one.type === "sample.tally" && one.claim.includes("response_time") ? [one.tally] : [],
    );
    // Five first steps; a second one 350 ms later, of which only two can be before the end: the
    // third is due 50 ms after it.
    expect(tally?.n).toBeGreaterThanOrEqual(5);
    expect(tally?.n).toBeLessThanOrEqual(7);
  });
});
