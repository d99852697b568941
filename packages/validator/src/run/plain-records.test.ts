import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterEach, describe, expect, it } from "vitest";
import { createRecorder, type Recorder } from "../evidence/recorder.ts";
import { createRedactor } from "../evidence/redact.ts";
import { keep, keepHistograms, keepNote, recordPlain } from "./plain-records.ts";

const opened: { readonly runDir: string; readonly recorder: Recorder }[] = [];
afterEach(() => {
  for (const { runDir, recorder } of opened.splice(0)) {
    recorder.close();
    rmSync(runDir, { recursive: true, force: true });
  }
});

function open() {
  const runDir = mkdtempSync(join(tmpdir(), "loadline-plain-"));
  mkdirSync(join(runDir, "artifacts"));
  const recorder = createRecorder({
    runDir,
    run: "run-1",
    planDigest: "0".repeat(64),
    target: "target",
    toolVersion: "0.1.0",
    clock: systemClock(),
    redactor: createRedactor([], Buffer.alloc(32)),
  });
  opened.push({ runDir, recorder });
  /** What each note of an artifact names, with the bytes under its digest. */
  const kept = () =>
    recorder.records.map(({ data, refs: [digest = ""] }) => ({
      artifact: data["artifact"],
      digest,
      bytes: readFileSync(join(runDir, "artifacts", digest)),
    }));
  return { recorder, kept };
}

describe("what the engine says", () => {
  it("is a note where a record has room for it", () => {
    const { recorder } = open();
    keepNote(recorder, { type: "steps", scenario: "get", steps: [] });
    const [note] = recorder.records;
    expect(note).toMatchObject({ kind: "note", data: { type: "steps", scenario: "get" } });
    expect(note?.refs).toEqual([]);
  });

  it("is an artifact under its type's name where a record has none, whole", () => {
    const { recorder, kept } = open();
    const step = { step: "x".repeat(48_000), due: 1, ok: 1, bad: {}, percentiles: [] };
    const record = { type: "steps", scenario: "get", steps: [step] } as const;
    keepNote(recorder, record);
    const [one] = kept();
    expect(one?.artifact).toEqual({ name: "steps", digest: one?.digest, bytes: one?.bytes.length });
    expect(JSON.parse(String(one?.bytes))).toEqual(record);
  });

  it("as text or as bytes is kept byte for byte, its length in bytes", () => {
    const { recorder, kept } = open();
    keep(recorder, "text", "\u00e9");
    keep(recorder, "bytes", Uint8Array.of(0, 255, 128));
    expect(kept().map(({ artifact, bytes }) => [artifact, [...bytes]])).toMatchObject([
      [{ name: "text", bytes: 2 }, [0xc3, 0xa9]],
      [{ name: "bytes", bytes: 3 }, [0, 255, 128]],
    ]);
  });
});

describe("histograms of a run", () => {
  it("are four artifacts, each with the bytes of its format", () => {
    const { recorder, kept } = open();
    const texts = { hdrLog: "hdr", sliceLog: "slices", openMetrics: "# EOF" };
    keepHistograms(recorder, { type: "histograms", ...texts, native: Uint8Array.of(1, 2) });
    const seen = kept().map(({ artifact, bytes }) => [artifact, String(bytes)]);
    expect(seen).toMatchObject([
      [{ name: "histograms.hdr" }, "hdr"],
      [{ name: "slices.hdr" }, "slices"],
      [{ name: "load.openmetrics" }, "# EOF"],
      [{ name: "load.prometheus-native" }, "\u0001\u0002"],
    ]);
  });
});

describe("what nobody adds to", () => {
  it("is appended at once; an event carries what it does not prove", () => {
    const { recorder } = open();
    const event = { type: "load.event", text: "Paused.", doesNotProve: "a steady rate" } as const;
    expect(recordPlain(recorder, event)).toBe(true);
    expect(recorder.records.map(({ data, doesNotProve }) => [data, doesNotProve])).toEqual([
      [{ event: "Paused." }, ["a steady rate"]],
    ]);
  });

  it("is nothing that counts are closed with: that is left to the caller", () => {
    const { recorder } = open();
    expect(recordPlain(recorder, { type: "steps", scenario: "get", steps: [] })).toBe(false);
    expect(recorder.records).toEqual([]);
  });
});
