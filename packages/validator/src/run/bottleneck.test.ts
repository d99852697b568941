import { startMiniRun } from "@loadline/contract";
import { afterEach, describe, expect, it } from "vitest";
import { startScriptedServer } from "../../../testkit/src/stall-server/index.ts";
import { sha256 } from "../evidence/sha256.ts";
import { bindJob, findProfile, jobOfProfile, profileManifestSchema } from "../load/index.ts";
import { memoryWriter } from "../selftest/simulated-load.ts";
import { recordBottleneck } from "./bottleneck.ts";
import { loadDeps, removeRuns } from "./load-job.fixture.ts";
import type { ObservedSeries } from "./observe.ts";
import { loadRunPlan, runLoadJob } from "./run-load-job.ts";

afterEach(removeRuns);

const users = (baseUrl: string) =>
  bindJob(
    jobOfProfile(findProfile("users-1000"), {
      load: { target: { baseUrl }, seed: 7 },
      name: baseUrl,
      manifest: profileManifestSchema.parse({ model: "m" }),
      terms: { users: 2, durationMs: 1_000 },
      explore: false,
    }),
  );

/** A series sampled each second. */
function seriesOf(series: string, values: readonly (number | null)[]): ObservedSeries {
  const known = values.filter((value) => value !== null);
  return {
    source: "metrics",
    series,
    samples: values.map((value, second) => [second * 1_000, value] as const),
    gaps: values.length - known.length,
    first: known[0] ?? null,
    peak: known.length === 0 ? null : Math.max(...known),
    last: known.at(-1) ?? null,
  };
}

/** What the claim says of these series. */
function said(observed: readonly ObservedSeries[]) {
  const job = users("http://127.0.0.1:1");
  const run = startMiniRun(loadRunPlan(job).claims, { digest: sha256 });
  recordBottleneck(job, observed, memoryWriter(run));
  run.end();
  const claim = run.fold().claims.find(({ id }) => id === "chat.bottleneck");
  return [claim?.verdict, claim?.required, claim?.reason, claim?.sentence ?? ""] as const;
}

const cpu = (perSecond: (second: number) => number, n = 12) => {
  let total = 100;
  const values = Array.from({ length: n }, (_, second) => (total += perSecond(second)));
  return seriesOf("process_cpu_seconds_total", values);
};
const fds = [seriesOf("process_open_fds", [10, 996, 40]), seriesOf("process_max_fds", [1_024])];

describe("the bottleneck of a target", () => {
  it("is the resource nearest to the limit that the target tells, and never a pass", () => {
    const [verdict, required, reason, sentence] = said([cpu(() => 0.5), ...fds]);
    expect([verdict, required, reason]).toEqual(["not_tested", false, "not_run"]);
    expect(sentence).toBe(
      "Derived from the target's metrics, which proves nothing: the bottleneck is file descriptors (at most 0.5 cores, no limit told; at most 996 file descriptors, 97.3 % of 1,024).",
    );
  });

  it("of CPU is what five busy seconds came to, beside the cores it may use", () => {
    const told = [
      cpu((second) => (second > 6 ? 3.8 : 0.1)),
      seriesOf("go_sched_gomaxprocs_threads", [4]),
    ];
    expect(said(told)[3]).toContain("the bottleneck is cores (at most 3.8 cores, 95 % of 4)");
    const short = cpu((second) => (second === 6 ? 3.8 : 0.1));
    expect(said([short])[3]).toMatch(/none is near a limit it tells \(at most 0\.84 cores/);
  });

  it("half used up is none, and a limit of -1 is none that is told", () => {
    const half = [seriesOf("process_open_fds", [500]), seriesOf("process_max_fds", [1_024])];
    expect(said(half)[3]).toContain("none is near a limit it tells");
    const endless = [seriesOf("process_open_fds", [500]), seriesOf("process_max_fds", [-1])];
    expect(said(endless)[3]).toContain("at most 500 file descriptors, no limit told");
  });

  it("a counter that began anew, gaps and fewer than five seconds are no rate", () => {
    const anew = [90, 91, 92, 93, 94, 0, 1, 2, 3, 4];
    const none = [
      seriesOf("process_cpu_seconds_total", anew),
      seriesOf("process_open_fds", [null, null]),
    ];
    for (const told of [none, [cpu(() => 1, 5)], []]) {
      const [verdict, , reason, sentence] = said(told);
      expect([verdict, reason]).toEqual(["not_tested", "capability_missing"]);
      expect(sentence).toContain("no bottleneck can be derived");
    }
  });

  it("is told of a run by what its target's metrics said meanwhile", async () => {
    const body = "process_open_fds 999\nprocess_max_fds 1000\n";
    await using server = await startScriptedServer(
      () => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const { verdict } = await runLoadJob(users(server.url), loadDeps());
    const claim = verdict.claims.find(({ id }) => id === "chat.bottleneck");
    expect(claim?.verdict).toBe("not_tested");
    expect(claim?.sentence).toContain("the bottleneck is file descriptors (at most 999 ");
  }, 60_000);
});
