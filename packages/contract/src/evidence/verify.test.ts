import { describe, expect, test } from "vitest";
import { encode, makeBundle, sealBundle, sha256, startRun, makeClaim } from "../../test/support.ts";
import { canonicalJson } from "./canonical-json.ts";
import { hashInput, recordLine } from "./chain.ts";
import { verifyBundle, type VerifyResult, verifyWithoutViews } from "./verify.ts";
import { buildReportModel } from "../report-build.ts";
import { planFileText } from "../plan/run-plan.ts";

const verify = (files: ReadonlyMap<string, Uint8Array>): Promise<VerifyResult> =>
  verifyBundle(files, { digest: sha256 });

const badSteps = (r: VerifyResult): string[] =>
  r.steps.filter(({ ok }) => ok === false).map((s) => `${s.step} ${s.code ?? ""}`);

function text(files: ReadonlyMap<string, Uint8Array>, path: string): string {
  return new TextDecoder().decode(files.get(path));
}

test("an untouched bundle is intact, equal, and of unknown origin", async () => {
  const { files } = makeBundle();
  const result = await verify(files);
  expect(result.exit).toBe(0);
  expect(result.outcome).toBe("READY");
  expect(result.firstBadRecord).toBeUndefined();
  expect(result.steps.at(-1)).toMatchObject({ step: "signature", ok: null });
  expect(result.steps.at(-1)?.message).toBe("unsigned: consistent, origin unknown");
  expect(result.doesNotProve.length).toBeGreaterThan(0);
});

test("an asynchronous digest gives the same result", async () => {
  const { files } = makeBundle();
  const result = await verifyBundle(files, { digest: async (bytes) => sha256(bytes) });
  expect(result).toEqual(await verify(files));
});

test("any flipped byte of any file is found", async () => {
  const { files } = makeBundle();
  let tried = 0;
  for (const [path, bytes] of files) {
    const step = Math.max(1, Math.floor(bytes.length / 40));
    for (let at = 0; at < bytes.length; at += step) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const result = await verify(new Map([...files, [path, changed]]));
      expect(result.exit, `${path} byte ${at}`).not.toBe(0);
      tried++;
    }
  }
  expect(tried).toBeGreaterThan(150);
});

test("a missing, added or cut file is found", async () => {
  const { files } = makeBundle();
  for (const [path, bytes] of files) {
    const without = new Map(files);
    without.delete(path);
    expect((await verify(without)).exit, path).not.toBe(0);
    expect((await verify(new Map([...files, [path, bytes.slice(0, -2)]]))).exit, path).not.toBe(0);
  }
  const extra = await verify(new Map([...files, ["notes.txt", encode("hello")]]));
  expect(badSteps(extra)).toEqual(["files LL_VERIFY_FILE"]);
});

describe("a record changed by someone who also writes the manifest anew", () => {
  test("is named by its position", async () => {
    const { files, run } = makeBundle();
    const lines = text(files, "evidence.jsonl").split("\n");
    lines[2] = (lines[2] ?? "").replace('"bad":1', '"bad":0');
    files.set("evidence.jsonl", encode(lines.join("\n")));
    sealBundle(files, run);
    const result = await verify(files);
    expect(result.exit).toBe(1);
    expect(result.firstBadRecord).toBe(2);
    expect(badSteps(result)).toContain("chain LL_VERIFY_CHAIN");
  });

  test("is found when dropped, swapped or doubled", async () => {
    const edits: [(lines: string[]) => void, number][] = [
      [(lines) => lines.splice(3, 1), 3],
      [(lines) => lines.splice(1, 2, lines[2] ?? "", lines[1] ?? ""), 1],
      [(lines) => lines.splice(4, 0, lines[3] ?? ""), 4],
    ];
    for (const [edit, position] of edits) {
      const { files, run } = makeBundle();
      const lines = text(files, "evidence.jsonl").split("\n");
      edit(lines);
      files.set("evidence.jsonl", encode(lines.join("\n")));
      sealBundle(files, run);
      expect((await verify(files)).firstBadRecord).toBe(position);
    }
  });

  test("is found by the record after it when it was hashed again", async () => {
    const { files, run } = makeBundle();
    const before = run.records[2];
    if (!before) throw new Error("no record");
    const { hash: _hash, ...open } = before;
    const eased = { ...open, data: { ...open.data, bad: 0, slices: [] } };
    const forged = { ...eased, hash: sha256(hashInput(eased)) };
    const lines = text(files, "evidence.jsonl").split("\n");
    lines[2] = recordLine(forged).trimEnd();
    files.set("evidence.jsonl", encode(lines.join("\n")));
    sealBundle(files, run);
    const result = await verify(files);
    expect(result.exit).toBe(1);
    expect(result.firstBadRecord).toBe(3);
  });

  test("is found when taken from another run (V8)", async () => {
    const { files, run } = makeBundle();
    const other = startRun(run.plan.claims, "run-0");
    const stale = other.tally("chat.success", { n: 473, bad: 0 });
    const lines = text(files, "evidence.jsonl").split("\n");
    lines[2] = recordLine(stale).trimEnd();
    files.set("evidence.jsonl", encode(lines.join("\n")));
    sealBundle(files, run);
    const result = await verify(files);
    expect(result.firstBadRecord).toBe(2);
    expect(result.exit).toBe(1);
  });
});

test("a verdict edited to READY differs from the fold, and the claim is named", async () => {
  const { files, run } = makeBundle();
  const edited = text(files, "verdict.json").replace('"verdict":"passed"', '"verdict":"failed"');
  files.set("verdict.json", encode(edited));
  sealBundle(files, run);
  const result = await verify(files);
  expect(badSteps(result)).toEqual(["verdict LL_VERIFY_VERDICT"]);
  expect(result.steps[4]?.message).toContain("http.up: ");
});

test("a plan with an easier target is not the plan of the chain", async () => {
  const { files, run } = makeBundle();
  const claims = run.plan.claims.map((c) => (c.target === 0.99 ? { ...c, target: 0.5 } : c));
  files.set("plan.json", encode(planFileText({ ...run.plan, claims })));
  sealBundle(files, run);
  const result = await verify(files);
  expect(result.exit).toBe(1);
  expect(badSteps(result)).toContain("plan LL_VERIFY_PLAN");
  expect(result.outcome).toBeUndefined();
});

test("a run that was gone on with may name its plan file there, and the chain fixes it too", async () => {
  const planText = "target: {}\n";
  const { files, run } = makeBundle(planText);
  const again = startRun(run.plan.claims);
  const planFile = { name: "plan.yaml", digest: sha256(encode(planText)) };
  const by = { id: "run", version: "1", digest: "" };
  again.add({ kind: "note", by, data: { resumed: { from: "run-1" }, planFile } });
  for (const { kind, claims, data, refs } of run.records) {
    if (kind !== "run.started") again.add({ kind, claims, data, refs });
  }
  files.set("evidence.jsonl", encode(again.records.map(recordLine).join("")));
  files.set("verdict.json", encode(`${canonicalJson(again.fold())}\n`));
  sealBundle(files, again);
  expect((await verify(files)).exit).toBe(0);
  files.set("plan.yaml", encode("target: { other: 1 }\n"));
  sealBundle(files, again);
  expect(badSteps(await verify(files))).toEqual(["plan LL_VERIFY_PLAN"]);
});

test("an artifact a record rests on is missed even when no manifest lists it", async () => {
  const { files, run } = makeBundle();
  for (const path of files.keys()) if (path.startsWith("artifacts/")) files.delete(path);
  sealBundle(files, run);
  expect(badSteps(await verify(files))).toEqual(["artifacts LL_VERIFY_ARTIFACT"]);
});

test("a view that differs is edited in a run of this build, and in doubt in one of another", async () => {
  const { files } = makeBundle();
  files.set("report.md", encode("READY"));
  const renderers = { "report.md": () => "NOT_READY" };
  const check = async (o: { isOwnBuild?: boolean; isOwnView?: () => boolean }) => {
    const { exit, steps } = await verifyBundle(files, { digest: sha256, renderers, ...o });
    const { ok, message } = steps.find(({ step }) => step === "verdict") ?? {};
    return { exit, ok, message };
  };
  expect(await check({})).toMatchObject({ exit: 1, ok: false, message: "report.md was edited." });
  const doubt = await check({ isOwnBuild: false });
  expect(doubt).toMatchObject({ exit: 2, ok: null });
  expect(doubt.message).toContain("another build made the run: report.md");
  const page = await check({ isOwnBuild: false, isOwnView: () => false });
  expect(page).toMatchObject({ exit: 0, ok: true });
  expect(page.message).toContain("report.md is of another build and was not compared");
});

test("without what renders views they are named, not compared; all else is checked as ever", async () => {
  const { files } = makeBundle();
  files.set("report.md", encode("READY"));
  const bare = await verifyWithoutViews(files, { digest: sha256 });
  expect(bare).toEqual(await verify(files));
  expect(bare.exit).toBe(0);
  expect(bare.steps[4]?.message).toContain("report.md cannot be rendered here");
  files.set("verdict.json", encode(text(files, "verdict.json").replace("READY", "NOT_READY")));
  expect((await verifyWithoutViews(files, { digest: sha256 })).exit).toBe(1);
});

test("figures that differ from their artifact are found by an extractor", async () => {
  const { files } = makeBundle();
  const extractors = [() => ({ seen: "status 500" })];
  const result = await verifyBundle(files, { digest: sha256, extractors });
  expect(badSteps(result)).toEqual(["artifacts LL_VERIFY_ARTIFACT"]);
});

test("an edited view is named, an untouched one is equal", async () => {
  const { files, run } = makeBundle();
  const render = (m: { verdict: { outcome: string } }): string => `outcome ${m.verdict.outcome}\n`;
  const model = buildReportModel({
    plan: run.plan,
    planText: "",
    records: run.records,
    verdict: run.fold(),
  });
  files.set("report.md", encode(render(model)));
  const renderers = { "report.md": render, "report.html": render };
  expect((await verifyBundle(files, { digest: sha256, renderers })).exit).toBe(0);
  files.set("report.md", encode("outcome READY, honestly\n"));
  const result = await verifyBundle(files, { digest: sha256, renderers });
  expect(result.exit).toBe(1);
  expect(result.steps[4]?.message).toBe("report.md was edited.");
  const isOwnView = (path: string, text: string): boolean =>
    path !== "report.md" || text.includes("honestly");
  expect((await verifyBundle(files, { digest: sha256, renderers, isOwnView })).exit).toBe(1);
  files.set("report.md", encode("made by another build\n"));
  const foreign = await verifyBundle(files, { digest: sha256, renderers, isOwnView });
  expect(foreign.exit).toBe(0);
  expect(foreign.steps[4]?.message).toContain("report.md is of another build and was not compared");
});

test("a run that broke off is incomplete: no closing record, torn line, no manifest", async () => {
  const run = startRun([makeClaim({ id: "a", kind: "predicate" })]);
  run.observe("a", true);
  const files = new Map([
    ["plan.json", encode(planFileText(run.plan))],
    ["evidence.jsonl", encode(run.records.map(recordLine).join(""))],
  ]);
  const open = await verify(files);
  expect(open.exit).toBe(2);
  expect(open.outcome).toBe("NOT_PROVEN");
  files.set("evidence.jsonl", encode(`${run.records.map(recordLine).join("")}{"v":1,"se`));
  const torn = await verify(files);
  expect(torn.exit).toBe(2);
  expect(torn.firstBadRecord).toBe(2);
});

test("what is no bundle is unreadable, and hostile JSON never throws", async () => {
  expect((await verify(new Map())).exit).toBe(3);
  const { files } = makeBundle();
  for (const hostile of ['{"a":"\\ud800"}', "1e999", "[[[[", "null", '{"v":1e999}', "\ufeff{}"]) {
    for (const path of files.keys()) {
      const result = await verify(new Map([...files, [path, encode(hostile)]]));
      expect(result.exit, `${path} ${hostile}`).not.toBe(0);
    }
  }
});

describe("a manifest that nobody can read", () => {
  const unread = ["", "{", "null", "{}", '{"schema":"loadline-manifest/v1"}'];

  test.each(unread)("is unreadable, and no outcome is told: %j", async (text) => {
    const { files } = makeBundle();
    const result = await verify(new Map([...files, ["manifest.json", encode(text)]]));
    expect(result.exit).toBe(3);
    expect(result.outcome).toBeUndefined();
    expect(result.proves).toEqual([]);
    expect(result.steps[0]).toMatchObject({ step: "files", ok: false, code: "LL_VERIFY_FILE" });
    const noPlan = { "plan.json": "{", "manifest.json": text };
    const both = Object.entries(noPlan).map(([path, bad]) => [path, encode(bad)] as const);
    expect((await verify(new Map([...files, ...both]))).exit).toBe(3);
  });

  test("hides no change that another step finds", async () => {
    const { files } = makeBundle();
    const evidence = new TextDecoder().decode(files.get("evidence.jsonl"));
    const edited = evidence.replace('"seq":1', '"seq":2');
    expect(edited).not.toBe(evidence);
    files.set("evidence.jsonl", encode(edited));
    files.set("manifest.json", encode("{"));
    expect((await verify(files)).exit).toBe(1);
  });

  test("that is whole tells a plan which was changed from one that was never written", async () => {
    const { files } = makeBundle();
    files.set("plan.json", encode("{"));
    expect((await verify(files)).exit).toBe(1);
  });
});

test("a verdict of another fold version is incomplete, never guessed", async () => {
  const { files, run } = makeBundle();
  files.set("verdict.json", encode(canonicalJson({ ...run.fold(), foldVersion: "0" })));
  sealBundle(files, run);
  const result = await verify(files);
  expect(result.exit).toBe(2);
});
