import { type Claim, type MiniRun, startMiniRun } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import type { Draft, Recorder } from "../evidence/recorder.ts";
import { sha256 } from "../evidence/sha256.ts";
import { growthClaims, type ObserveSpec } from "../load/index.ts";
import { recordGrowth } from "./memory-growth.ts";
import type { ObservedSeries } from "./observe.ts";

const mib = 1024 * 1024;
const specs: readonly ObserveSpec[] = [
  { prometheus: "http://127.0.0.1:9/metrics", series: ["requests_total", "other"] },
  { cgroup: "/sys/fs/cgroup/target", growthMibPerHourMax: 10 },
];

function seriesOf(value: (at: number) => number | null, n = 600): ObservedSeries {
  const samples = Array.from({ length: n }, (_, at) => [at * 1_000, value(at)] as const);
  return { source: "s", series: "x", samples, gaps: 0, first: null, peak: null, last: null };
}

/** A recorder that keeps what it is told in a mini run. */
function recorderOf(run: MiniRun): Recorder {
  return {
    append: ({ by: _by, ...draft }: Draft) => run.add(draft),
    excerpt: (text) => text,
    artifact: () => "",
    isFull: () => false,
    sync: () => undefined,
    close: () => undefined,
    records: run.records,
    head: () => "",
  };
}

function verdictOf(memory: ObservedSeries): string {
  const claims: Claim[] = growthClaims(specs);
  const run = startMiniRun(claims, { digest: sha256 });
  const noise = seriesOf((at) => at * 1e9);
  recordGrowth(specs, [noise, noise, memory, noise], recorderOf(run));
  run.end();
  const [claim] = run.fold().claims;
  return `${claim?.verdict} ${claim?.reason ?? ""}`.trim();
}

describe("growth of memory", () => {
  it("is claimed of a process, and shown only where it decides nothing", () => {
    const [claim] = growthClaims([{ process: 7, growthMibPerHourMax: 16, required: false }]);
    expect([claim?.statement, claim?.required]).toEqual([
      "process 7 grows by at most 16 MiB/h in this window",
      false,
    ]);
  });

  it("is claimed for what declares a limit, and for nothing else", () => {
    expect(growthClaims(specs).map(({ id, limit }) => [id, limit])).toEqual([
      ["target.memory_growth.2", 10],
    ]);
    expect(growthClaims([])).toEqual([]);
  });

  it("[R1-28] a level with the saw-tooth of a collector passes", () => {
    expect(verdictOf(seriesOf((at) => 500 * mib + (at % 13) * 1_000))).toBe("passed");
  });

  it("a leak of 30 MiB/h fails a limit of 10", () => {
    expect(verdictOf(seriesOf((at) => 500 * mib + (at * 30 * mib) / 3_600))).toBe("failed limit");
  });

  it("noise wider than the limit decides nothing", () => {
    const wild = seriesOf((at) => 500 * mib + ((at * 7_919) % 101) * mib, 120);
    expect(verdictOf(wild)).toMatch(/^inconclusive/);
  });

  it("growth in the first tenth of the window is settling, not a leak", () => {
    const settling = seriesOf((at) => 500 * mib + Math.min(at, 59) * mib);
    expect(verdictOf(settling)).toBe("passed");
  });

  it("a process that was started again is not tested: a leak that ends it every minute has no slope", () => {
    const level = seriesOf(() => 500 * mib);
    expect(verdictOf({ ...level, restarts: 0 })).toBe("passed");
    expect(verdictOf({ ...level, restarts: 1 })).toBe("not_tested not_run");
  });

  it("few samples or many gaps are not tested, never a pass", () => {
    expect(verdictOf(seriesOf(() => mib, 40))).toBe("not_tested not_run");
    expect(verdictOf(seriesOf((at) => (at % 5 === 0 ? null : mib)))).toBe("not_tested not_run");
  });
});
