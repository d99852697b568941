import { createChain, readRecord, recordLine, verifyBundle } from "@loadline/contract";
import { createHistogram, encodeHdr } from "@loadline/kit/histogram";
import { parseJson } from "@loadline/kit/json";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { startStallServer } from "../../../testkit/src/stall-server/index.ts";
import { loadJob, removeRuns, runJob } from "../run/load-job.fixture.ts";
import { countsOfLog, countsOfMetrics, histogramExtractor } from "./histogram-counts.ts";
import { readBundle } from "./read-bundle.ts";
import { sha256 } from "./sha256.ts";

afterEach(removeRuns);

function logOf(values: Readonly<Record<string, readonly number[]>>): string {
  const rows = Object.entries(values).map(([tag, us]) => {
    const histogram = createHistogram();
    for (const value of us) histogram.record(value);
    return `Tag=${tag},0.000,1.000,9.000,${encodeHdr(histogram)}`;
  });
  return `#[Histogram log format version 1.3]\n"Start","Length"\n${rows.join("\n")}\n`;
}

/** The log with a chain that holds, as whoever has no key can write it. */
function chained(log: string): Buffer {
  const records = log
    .trimEnd()
    .split("\n")
    .map((line) => readRecord(parseJson(line)))
    .filter((record) => record !== null);
  const [{ run, prev } = { run: "", prev: "" }] = records;
  const chain = createChain({ run, planDigest: prev, digest: sha256 });
  const again = records.map((record) => recordLine(chain.append(record, record.at, record.mono)));
  return Buffer.from(again.join(""));
}

describe("the values of a load's histograms", () => {
  it("are as many in the log as were recorded, whatever they are", () => {
    const us = fc.array(fc.integer({ min: 1, max: 2 ** 31 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(us, us, (a, b) => {
        const counts = countsOfLog(logOf({ "chat.response_time": a, "a_b.ttft": b }));
        expect(counts).toEqual({ "chat.response_time": a.length, "a_b.ttft": b.length });
      }),
      { numRuns: 50 },
    );
  });

  it("have one name in both formats, also where a scenario's has a comma or a quote", () => {
    const text = [
      'loadline_load_response_time_seconds_bucket{scenario="x",le="+Inf"} 9',
      'loadline_load_response_time_seconds_count{scenario="get, \\"all\\""} 12',
      'loadline_load_ttft_seconds_count{scenario="chat"} 3',
      "# EOF",
    ].join("\n");
    expect(countsOfMetrics(text)).toEqual({ 'get__"all".response_time': 12, "chat.ttft": 3 });
  });

  it("are counted again by verify, and a record that says another number is found", async () => {
    await using server = await startStallServer({ delayMs: 1, stallMs: 0, everyMs: 1000 });
    const { runDir } = await runJob(loadJob(server.url, { errors: ["rate<50%"] }));
    const files = await readBundle(runDir);
    const options = { digest: sha256, extractors: [histogramExtractor] };
    const { exit, steps } = await verifyBundle(files, options);
    const said = steps.find(({ step }) => step === "artifacts")?.message ?? "";
    expect([exit, /; ([1-9]\d*) records recomputed/.test(said)], said).toEqual([0, true]);
    const log = Buffer.from(files.get("evidence.jsonl") ?? []).toString("utf8");
    expect(log).toMatch(/"counts":\{"get\.\w+":\d+/);
    const more = log.replace(/("counts":\{"get\.\w+":)(\d+)/, "$19$2");
    const changed = new Map([...files, ["evidence.jsonl", chained(more)] as const]);
    const found = await verifyBundle(changed, options);
    const artifacts = found.steps.find(({ step }) => step === "artifacts");
    expect(artifacts).toMatchObject({ ok: false, code: "LL_VERIFY_ARTIFACT" });
    expect(artifacts?.message).toContain("says another counts than its artifact");
  }, 60_000);

  it("that cannot be unpacked are no values: the record differs from them", () => {
    const note = { artifact: { name: "histograms.hdr" }, counts: { "a.b": 1 } };
    const record = { data: note } as unknown as Parameters<typeof histogramExtractor>[0];
    const junk = Buffer.from("Tag=a.b,0,1,2,AAAA");
    expect(histogramExtractor(record, junk)).toEqual({ counts: null });
    const other = { data: { artifact: { name: "slices.hdr" }, counts: {} } };
    expect(histogramExtractor(other as unknown as typeof record, junk)).toBeNull();
  });
});
