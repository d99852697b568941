import { afterEach, describe, expect, it } from "vitest";
import { startStallServer } from "../../../testkit/src/stall-server/index.ts";
import { readBundle } from "../evidence/read-bundle.ts";
import { loadJob, removeRuns, runJob } from "./load-job.fixture.ts";
import type { ValidationResult } from "./types.ts";

afterEach(removeRuns);

/** Every artifact of the load by its name, as its note names it. */
async function artifactsOf({ runDir }: ValidationResult): Promise<Map<string, Buffer>> {
  const files = await readBundle(runDir);
  const log = Buffer.from(files.get("evidence.jsonl") ?? []).toString("utf8");
  const named = [...log.matchAll(/"artifact":\{"bytes":\d+,"digest":"(\w+)","name":"([^"]+)"\}/g)];
  return new Map(
    named.map(([, digest, name]) => [
      name ?? "",
      Buffer.from(files.get(`artifacts/${digest}`) ?? []),
    ]),
  );
}

describe("artifacts of a load run", () => {
  it("histograms are kept whole, by slices, as OpenMetrics and as native ones of Prometheus", async () => {
    await using server = await startStallServer({ delayMs: 2, stallMs: 0, everyMs: 1000 });
    const artifacts = await artifactsOf(await runJob(loadJob(server.url)));
    expect([...artifacts.keys()].sort()).toEqual([
      "histograms.hdr",
      "load.openmetrics",
      "load.prometheus-native",
      "samples",
      "slices.hdr",
    ]);
    const slices = String(artifacts.get("slices.hdr")).trimEnd().split("\n").slice(4);
    expect(slices.length).toBeGreaterThan(0);
    for (const line of slices) expect(line).toMatch(/^Tag=get\.response_time,\d\.000,1\.000,/);
    const native = artifacts.get("load.prometheus-native");
    expect(native?.includes("loadline_load_response_time_seconds")).toBe(true);
  });
});
