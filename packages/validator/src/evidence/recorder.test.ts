import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  artifactBytesMax,
  bundleBytesMax,
  type EvidenceRecord,
  miniClaim,
  type RecordKind,
  readRecord,
  recordBytesMax,
  recordsMax,
} from "@loadline/contract";
import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseJson } from "@loadline/kit/json";
import { stageNames } from "../plan/manifest.ts";
import { createRecorder, type Recorder, type RecorderOptions } from "./recorder.ts";
import { createRedactor } from "./redact.ts";
import { roomOf, wholeRoom } from "./room.ts";
import { makeRunDirectory, runName, writeWhole } from "./run-directory.ts";
import { sha256 } from "./sha256.ts";

const secret = "sk-live-4f9a77c2e0d1";
const place = { root: "", count: 0 };

beforeEach(() => {
  place.root = mkdtempSync(join(tmpdir(), "loadline-recorder-"));
});
afterEach(() => rmSync(place.root, { recursive: true, force: true }));

interface Open {
  readonly dir: string;
  readonly clock: TestClock;
  readonly recorder: Recorder;
}

function open(more: Partial<RecorderOptions> = {}): Open {
  const clock = new TestClock();
  const dir = makeRunDirectory(place.root, `run-${place.count++}`);
  const redactor = createRedactor([secret], new Uint8Array(32));
  const base = { run: "run-1", planDigest: "plan-digest", target: "t", toolVersion: "1" };
  return {
    dir,
    clock,
    recorder: createRecorder({ ...base, runDir: dir, clock, redactor, ...more }),
  };
}

const textOf = (dir: string): string => readFileSync(join(dir, "evidence.jsonl"), "utf8");

function linesOf(dir: string): EvidenceRecord[] {
  const rows = textOf(dir).trimEnd().split("\n");
  return rows.map((row) => {
    const record = readRecord(parseJson(row));
    if (record === null) throw new Error(`unreadable: ${row}`);
    return record;
  });
}

const note = (data: Record<string, unknown>) => ({ kind: "note", by: "x", data }) as const;

describe("what a run may keep", () => {
  const code = { code: "LL_EVIDENCE_LIMIT" };

  it("an artifact past its bound is refused, and the log goes on", () => {
    const { dir, recorder } = open({ room: { ...wholeRoom, artifactBytes: 10 } });
    const kept = recorder.artifact(Buffer.alloc(10, "a"));
    expect(() => recorder.artifact(Buffer.alloc(11, "b"))).toThrow(expect.objectContaining(code));
    recorder.append(note({ after: true }));
    recorder.close();
    expect(recorder.isFull()).toBe(false);
    expect(readdirSync(join(dir, "artifacts"))).toEqual([kept]);
    expect(linesOf(dir)).toHaveLength(1);
  });

  it("a record past its bound is refused by itself: the bundle is not full", () => {
    const { dir, recorder } = open();
    const large = note({ text: "x".repeat(recordBytesMax) });
    expect(() => recorder.append(large)).toThrow(expect.objectContaining(code));
    expect(recorder.isFull()).toBe(false);
    recorder.append(note({ after: true }));
    recorder.close();
    expect(linesOf(dir).map(({ seq }) => seq)).toEqual([0]);
  });

  it("an artifact that no longer fits fills the bundle; one it has already costs nothing", () => {
    const { recorder } = open({ room: { ...wholeRoom, bundleBytes: 1_500 } });
    const first = Buffer.alloc(1_000, "a");
    recorder.artifact(first);
    expect(recorder.artifact(first)).toBe(sha256(first));
    expect(recorder.isFull()).toBe(false);
    expect(() => recorder.artifact(Buffer.alloc(600, "b"))).toThrow(expect.objectContaining(code));
    expect(recorder.isFull()).toBe(true);
    expect(recorder.artifact(first)).toBe(sha256(first));
    // What is left out is one whole end, not the large ones alone.
    expect(() => recorder.artifact(Buffer.alloc(10, "c"))).toThrow(expect.objectContaining(code));
    expect(() => recorder.append(note({}))).toThrow(expect.objectContaining(code));
    recorder.close();
  });

  it("records fill a bundle by their bytes too, and so does what a resumed run kept", () => {
    for (const more of [{}, { keptBytes: 1_400 }]) {
      const { recorder } = open({ room: { ...wholeRoom, bundleBytes: 1_500 }, ...more });
      recorder.append(note({ text: "a".repeat(100) }));
      expect(recorder.isFull()).toBe("keptBytes" in more);
      if (!recorder.isFull()) recorder.append(note({ text: "b".repeat(1_500) }));
      expect(() => recorder.append(note({}))).toThrow(expect.objectContaining(code));
      recorder.close();
    }
  });

  it("a full bundle takes what ends a run and says what it left out, and nothing else", () => {
    const { dir, recorder } = open({ room: { ...wholeRoom, records: 2 } });
    recorder.append(note({ i: 0 }));
    expect(recorder.isFull()).toBe(false);
    recorder.append(note({ i: 1 }));
    expect(recorder.isFull()).toBe(true);
    const seen: RecordKind[] = ["note", "observation", "sample.closed", "guard", "check.error"];
    for (const kind of seen) {
      const more = (): unknown => recorder.append({ ...note({}), kind });
      expect(more, kind).toThrow(expect.objectContaining(code));
    }
    const end: RecordKind[] = ["skip", "stage.ended", "stage.started", "run.closed"];
    for (const kind of end) recorder.append({ ...note({}), kind });
    recorder.close();
    expect(linesOf(dir).map(({ kind }) => kind)).toEqual(["note", "note", ...end]);
  });

  it("a run of a plan leaves its end a record for each stage, two for each part, and 64 MiB", () => {
    const parts = Array.from({ length: 700 }, (_, at) => `w${at}`);
    const claims = ["a", "b"].map((id) => miniClaim({ id, kind: "quantile", parts }));
    const room = roomOf({ claims });
    const stages = 2 * stageNames.length + 1;
    expect(recordsMax - room.records).toBeGreaterThanOrEqual(2 * 2 * parts.length + stages);
    expect(bundleBytesMax - room.bundleBytes).toBe(artifactBytesMax);
  });
});

describe("the log of a run", () => {
  it("every record names the hash of the one before, the first the plan", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 12 }), (values) => {
        const { dir, recorder } = open();
        for (const value of values) recorder.append(note({ value }));
        recorder.close();
        const records = linesOf(dir);
        expect(records.map(({ seq }) => seq)).toEqual(values.map((_, at) => at));
        const prevs = ["plan-digest", ...records.map(({ hash }) => hash)];
        expect(records.map(({ prev }) => prev)).toEqual(prevs.slice(0, -1));
        expect(recorder.head()).toBe(prevs.at(-1));
        // In JSON there is no -0.
        expect(records).toEqual(JSON.parse(JSON.stringify(recorder.records)));
      }),
      { numRuns: 40 },
    );
  });

  it("a record is on disk when append returns, without sync or close", () => {
    const { dir, recorder } = open();
    for (let i = 0; i < 3; i++) {
      recorder.append(note({ i }));
      expect(linesOf(dir)).toHaveLength(i + 1);
    }
    recorder.sync();
    recorder.close();
  });

  it("time in it is that of the run, from 0, to a thousandth", () => {
    const { dir, clock, recorder } = open();
    recorder.append(note({}));
    clock.advance(1_234.567_89);
    recorder.append(note({}));
    recorder.close();
    const [first, second] = linesOf(dir);
    expect([first?.mono, second?.mono]).toEqual([0, 1_234.568]);
    expect(second?.at).toBe("2026-01-01T00:00:01.234Z");
  });

  it("what nobody said is filled in: measured, for no claim, by this version", () => {
    const { dir, recorder } = open();
    recorder.append(note({}));
    recorder.append({ ...note({}), provenance: "imported", claims: ["a"] });
    recorder.close();
    expect(linesOf(dir).map((r) => [r.provenance, r.claims, r.target, r.by])).toEqual([
      ["measured", [], "t", { id: "x", version: "1", digest: "" }],
      ["imported", ["a"], "t", { id: "x", version: "1", digest: "" }],
    ]);
  });

  it("a second writer of the same run is refused, the first one's log stays", () => {
    const { dir, recorder } = open();
    recorder.append(note({ first: true }));
    expect(() => open({ runDir: dir })).toThrow(/EEXIST/);
    recorder.close();
    expect(linesOf(dir)).toHaveLength(1);
  });

  it("a resumed run begins with the old records byte for byte and goes on with their chain and time", () => {
    const one = open();
    one.recorder.append(note({ a: 1 }));
    one.clock.advance(500);
    one.recorder.append(note({ b: 2 }));
    one.recorder.close();
    const two = open({ before: linesOf(one.dir) });
    expect(textOf(two.dir)).toBe(textOf(one.dir));
    two.clock.advance(20);
    two.recorder.append(note({ c: 3 }));
    two.recorder.close();
    const records = linesOf(two.dir);
    expect(records.map(({ seq, mono }) => [seq, mono])).toEqual([
      [0, 0],
      [1, 500],
      [2, 520],
    ]);
    expect(records[2]?.prev).toBe(records[1]?.hash);
  });

  it("what the disk does not take ends the run with its own error, at every later word too", () => {
    const { dir, recorder } = open();
    recorder.append(note({ i: 0 }));
    recorder.close();
    const refused = { code: "LL_RUN_WRITE", row: { exit: 3 } };
    const failures = [
      () => recorder.append(note({ i: 1 })),
      () => recorder.append(note({ i: 2 })),
      () => recorder.sync(),
    ].map((step) => {
      try {
        step();
        return null;
      } catch (error) {
        return error;
      }
    });
    for (const failure of failures) expect(failure).toMatchObject(refused);
    expect(failures[1]).toBe(failures[0]);
    expect(String(failures[0])).toContain(join(dir, "evidence.jsonl"));
    expect(linesOf(dir)).toHaveLength(1);
  });

  it("an artifact that finds no place ends the run as a record does: no check goes on without it", () => {
    const { dir, recorder } = open();
    rmSync(join(dir, "artifacts"), { recursive: true });
    const named = expect.objectContaining({
      code: "LL_RUN_WRITE",
      message: expect.stringContaining(join(dir, "artifacts")),
    });
    expect(() => recorder.artifact(Buffer.from("body"))).toThrow(named);
    expect(() => recorder.append(note({}))).toThrow(named);
    expect(textOf(dir)).toBe("");
    recorder.close();
  });

  it("a file that cannot be written whole is LL_RUN_WRITE and names it", () => {
    const dir = join(place.root, "gone");
    expect(() => writeWhole(dir, "verdict.json", "{}")).toThrow(join(dir, "verdict.json"));
    try {
      writeWhole(dir, "verdict.json", "{}");
    } catch (error) {
      expect(error).toMatchObject({ code: "LL_RUN_WRITE" });
    }
  });

  it("of two faults that keep a file from being written it names both, the first one first", () => {
    mkdirSync(join(place.root, "verdict.json.new"));
    const both = /EISDIR.*open.*; then .*is a directory/;
    expect(() => writeWhole(place.root, "verdict.json", "{}")).toThrow(both);
  });

  it("a half-written last line spoils itself alone: every line before it reads", () => {
    const { dir, recorder } = open();
    for (let i = 0; i < 4; i++) recorder.append(note({ i }));
    recorder.close();
    const whole = textOf(dir);
    const end = whole.lastIndexOf("\n", whole.length - 2) + 1;
    for (let cut = end + 1; cut < whole.length - 1; cut += 7) {
      const rows = whole.slice(0, cut).split("\n");
      expect(rows.slice(0, 3).map((row) => readRecord(parseJson(row))?.seq)).toEqual([0, 1, 2]);
      expect(readRecord(parseJson(rows[3] ?? ""))).toBeNull();
    }
  });
});

describe("secrets and artifacts", () => {
  it("no key reaches the disk: not by data, by a name, nor by a body", () => {
    const { dir, recorder } = open();
    recorder.append({
      ...note({ [secret]: [{ seen: `Bearer ${secret}` }] }),
      doesNotProve: [`that ${secret} is good`],
    });
    const digest = recorder.artifact(Buffer.from(`{"echo":"${secret}"}`));
    recorder.close();
    expect(textOf(dir)).not.toContain(secret);
    const bytes = readFileSync(join(dir, "artifacts", digest));
    expect(bytes.toString()).not.toContain(secret);
    expect(sha256(bytes)).toBe(digest);
  });

  it("equal bytes are stored once, under the digest of what is stored", () => {
    const { dir, recorder } = open();
    const digests = ["a", "b", "a"].map((text) => recorder.artifact(Buffer.from(text)));
    recorder.close();
    expect(digests[0]).toBe(digests[2]);
    expect(readdirSync(join(dir, "artifacts")).sort()).toEqual([...new Set(digests)].sort());
  });
});

describe("the folder of a run", () => {
  it("a name sorts by time and tells two runs of one second apart", () => {
    const random = seededRandom(1);
    const clock = new TestClock();
    const names = [runName(clock, random), runName(clock, random)];
    clock.advance(1_000);
    names.push(runName(clock, random));
    expect(names[0]).toMatch(/^20260101T000000Z-[0-9a-f]{8}$/);
    expect(new Set(names).size).toBe(3);
    expect([...names].sort().at(-1)).toBe(names[2]);
  });

  it("is made with its parents once; a second time, or under a file, it is refused by its code", () => {
    const dir = makeRunDirectory(join(place.root, "a", "b"), "run");
    expect(readdirSync(dir)).toEqual(["artifacts"]);
    const code = { code: "LL_RUN_DIRECTORY" };
    expect(() => makeRunDirectory(join(place.root, "a", "b"), "run")).toThrow(
      expect.objectContaining(code),
    );
    writeFileSync(join(place.root, "file"), "");
    expect(() => makeRunDirectory(join(place.root, "file"), "run")).toThrow(
      expect.objectContaining(code),
    );
  });

  it("a file is written whole under its name, or the one before stays", () => {
    writeWhole(place.root, "verdict.json", "old");
    writeWhole(place.root, "verdict.json", "new");
    expect(readFileSync(join(place.root, "verdict.json"), "utf8")).toBe("new");
    expect(readdirSync(place.root)).toEqual(["verdict.json"]);
    expect(() => writeWhole(join(place.root, "none"), "verdict.json", "x")).toThrow(/ENOENT/);
    const broken = { length: 4 } as unknown as Uint8Array;
    expect(() => writeWhole(place.root, "verdict.json", broken)).toThrow();
    expect(readFileSync(join(place.root, "verdict.json"), "utf8")).toBe("new");
    expect(readdirSync(place.root)).toEqual(["verdict.json"]);
  });
});
