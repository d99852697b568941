import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyBundle } from "@loadline/contract";
import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBundle } from "../evidence/read-bundle.ts";
import { wholeRoom } from "../evidence/room.ts";
import { sha256 } from "../evidence/sha256.ts";
import { quickPlan } from "../plan/build-plan.ts";
import { recordRun, type RunBody } from "./record-run.ts";
import type { Reporter, ValidationDeps } from "./types.ts";

const key = "sk-live-4f9a77c2e0d1";
const place = { root: "" };
beforeEach(() => {
  place.root = mkdtempSync(join(tmpdir(), "loadline-record-"));
});
afterEach(() => rmSync(place.root, { recursive: true, force: true }));

const plan = quickPlan({ baseUrl: "http://127.0.0.1:9/v1" });
const nothing: RunBody = () => Promise.resolve();

function depsOf(more: Partial<ValidationDeps> = {}): ValidationDeps {
  return {
    clock: new TestClock(),
    random: seededRandom(5),
    runsDir: place.root,
    toolVersion: "0",
    apiKey: key,
    reporters: [],
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...more,
  };
}

function recordsOf(dir: string): { kind: string; data: Record<string, unknown> }[] {
  const lines = readFileSync(join(dir, "evidence.jsonl"), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as { kind: string; data: Record<string, unknown> });
}

describe("a run that observes nothing", () => {
  it("is NOT_PROVEN with exit 2, and its bundle verifies offline", async () => {
    const { runDir, verdict, exitCode } = await recordRun(plan, depsOf(), nothing);
    expect([verdict.outcome, exitCode]).toEqual(["NOT_PROVEN", 2]);
    expect(verdict.claims.every((claim) => claim.verdict === "not_tested")).toBe(true);
    const digest = (bytes: Uint8Array) => Promise.resolve(sha256(bytes));
    const result = await verifyBundle(await readBundle(runDir), { digest });
    expect(result.steps.filter(({ ok }) => ok === false)).toEqual([]);
    expect(result).toMatchObject({ exit: 0, outcome: "NOT_PROVEN" });
  });

  it("begins with what runs on what, and ends with its closing record", async () => {
    const again = ["loadline", "validate"];
    const { runDir } = await recordRun(plan, depsOf({ reproduce: again }), nothing);
    const records = recordsOf(runDir);
    expect(records.map(({ kind }) => kind)).toEqual(["run.started", "run.closed"]);
    expect(records[0]?.data).toMatchObject({ toolVersion: "0", reproduce: again });
    expect(records[1]?.data).toEqual({ reason: "done" });
  });

  it("knows the runs before it against the same target", async () => {
    const one = await recordRun(plan, depsOf(), nothing);
    const two = await recordRun(plan, depsOf({ random: seededRandom(6) }), nothing);
    const said = recordsOf(two.runDir).find(({ data }) => "earlier" in data)?.data["earlier"];
    expect(said).toMatchObject([{ run: one.run, outcome: "NOT_PROVEN" }]);
  });
});

describe("a run that goes on", () => {
  it("counts the artifacts that it kept: together they fill the bundle", async () => {
    const kept = Buffer.alloc(3_000, "a");
    const artifacts = new Map([[sha256(kept), kept]]);
    const resumed = { run: "run", folder: "run-r001", records: [], artifacts, says: {} };
    const room = { ...wholeRoom, bundleBytes: 5_000 };
    const refused: unknown[] = [];
    const body: RunBody = (_, recorder) => {
      expect(recorder.isFull()).toBe(false);
      try {
        recorder.artifact(Buffer.alloc(1_900, "b"));
      } catch (error) {
        refused.push(error);
      }
      return Promise.resolve();
    };
    const { exitCode } = await recordRun(plan, depsOf({ room }), body, resumed);
    expect(refused).toMatchObject([{ code: "LL_EVIDENCE_LIMIT" }]);
    expect(exitCode).toBe(2);
    await recordRun(plan, depsOf({ room, random: seededRandom(6) }), body);
    expect(refused).toHaveLength(1);
  });
});

describe("what ends a run early", () => {
  it("a stop by the user is exit 130 and `cancelled`, folded from what exists", async () => {
    const stop = new AbortController();
    const { runDir, exitCode, verdict } = await recordRun(
      plan,
      depsOf({ signal: stop.signal }),
      () => {
        stop.abort(new Error("stop"));
        return Promise.resolve();
      },
    );
    expect([exitCode, verdict.outcome]).toEqual([130, "NOT_PROVEN"]);
    expect(recordsOf(runDir).at(-1)?.data).toEqual({ reason: "cancelled" });
  });

  it("what the body throws ends it: no verdict is written, the log before it reads", async () => {
    const failing = recordRun(plan, depsOf(), (_, recorder) => {
      recorder.append({ kind: "note", by: "x", data: { last: true } });
      return Promise.reject(new Error("out of paper"));
    });
    await expect(failing).rejects.toThrow("out of paper");
    const dir = join(place.root, readdirSync(place.root)[0] ?? "");
    expect(readdirSync(dir).sort()).toEqual(["artifacts", "evidence.jsonl", "plan.json"]);
    expect(recordsOf(dir).map(({ kind }) => kind)).toEqual(["run.started", "note"]);
  });

  it("a full bundle ends what observes, and the run is closed with what it left", async () => {
    const room = { ...wholeRoom, records: 10 };
    const { runDir, verdict, exitCode } = await recordRun(plan, depsOf({ room }), (_, recorder) => {
      for (let i = 0; i < 20; i++) recorder.append({ kind: "note", by: "x", data: { i } });
      return Promise.resolve();
    });
    expect([verdict.outcome, exitCode]).toEqual(["NOT_PROVEN", 2]);
    const words = verdict.claims.map((claim) => `${claim.verdict} ${claim.reason}`);
    expect(new Set(words)).toEqual(new Set(["not_tested over_budget"]));
    expect(recordsOf(runDir).at(-1)?.data).toEqual({ reason: "done" });
    const { steps } = await verifyBundle(await readBundle(runDir), { digest: sha256 });
    expect(steps.filter(({ ok }) => ok === false)).toEqual([]);
  });

  it("a run of the same name is refused and the first one left alone", async () => {
    const { runDir } = await recordRun(plan, depsOf(), nothing);
    const before = readFileSync(join(runDir, "verdict.json"), "utf8");
    await expect(recordRun(plan, depsOf(), nothing)).rejects.toMatchObject({
      code: "LL_RUN_DIRECTORY",
    });
    expect(readFileSync(join(runDir, "verdict.json"), "utf8")).toBe(before);
  });
});

describe("what is written", () => {
  const views: readonly Reporter[] = [
    {
      id: "bad",
      file: "bad.txt",
      render: () => {
        throw new Error("no ink");
      },
    },
    { id: "good", file: "good.txt", render: (model) => model.verdict.run },
  ];

  it("a view that throws is named; the verdict and the other views stand", async () => {
    const result = await recordRun(plan, depsOf({ reporters: views }), nothing);
    expect(result.reporterFailures).toEqual([{ id: "bad", message: "no ink" }]);
    expect(readFileSync(join(result.runDir, "good.txt"), "utf8")).toBe(result.run);
    const stored: unknown = JSON.parse(readFileSync(join(result.runDir, "verdict.json"), "utf8"));
    expect(stored).toMatchObject({ run: result.run, outcome: result.verdict.outcome });
  });

  it("the manifest lists every file of the evidence and no view; nothing half-written stays", async () => {
    const deps = depsOf({ reporters: views, planText: "target: {}\n" });
    const { runDir } = await recordRun(plan, deps, (_, recorder) => {
      recorder.artifact(Buffer.from("a body"));
      return Promise.resolve();
    });
    const manifest = readFileSync(join(runDir, "manifest.json"), "utf8");
    const listed = [`artifacts/${sha256(Buffer.from("a body"))}`, "evidence.jsonl", "plan.json"];
    for (const name of [...listed, "plan.yaml", "verdict.json"]) expect(manifest).toContain(name);
    expect(manifest).not.toContain("good.txt");
    expect(readdirSync(runDir).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  it("what an operating system or a killed writer left is not listed, and gone it is not missed", async () => {
    const strays = [".DS_Store", "artifacts/.nfs0001", `artifacts/.${"a".repeat(64)}.partial`];
    const { runDir } = await recordRun(plan, depsOf(), (run) => {
      for (const name of strays) writeFileSync(join(place.root, run, name), "half");
      return Promise.resolve();
    });
    for (const name of strays) rmSync(join(runDir, name));
    const { steps } = await verifyBundle(await readBundle(runDir), { digest: sha256 });
    expect(steps.filter(({ ok }) => ok === false)).toEqual([]);
  });

  it("neither the key nor a credential of the stack is in any file", async () => {
    const stackSecrets = new Map([["${env:DB}", "p@ss/w+rd=1-long"]]);
    const { runDir } = await recordRun(plan, depsOf({ stackSecrets }), (_, recorder) => {
      const said = `key ${key}, url postgres://u:${encodeURIComponent("p@ss/w+rd=1-long")}@db`;
      recorder.append({ kind: "note", by: "x", data: { said } });
      recorder.artifact(Buffer.from(`Basic ${Buffer.from(`u:${key}`).toString("base64")}`));
      return Promise.resolve();
    });
    for (const [name, bytes] of await readBundle(runDir)) {
      const text = Buffer.from(bytes).toString("latin1");
      for (const secret of [key, "p@ss", "p%40ss", "MnM6c2st", "LWxpdmUt", "1saXZl"]) {
        expect(text.includes(secret), `${secret} in ${name}`).toBe(false);
      }
    }
  });
});
