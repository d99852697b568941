import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { quickPlan } from "../plan/build-plan.ts";
import { readStages } from "../plan/stages.ts";
import { probes } from "../probes/table.ts";
import { recordRun } from "../run/record-run.ts";
import type { ValidationDeps } from "../run/types.ts";
import { stackSchema } from "../stack/manifest.ts";
import { changedMax, changedSince } from "./changed-checks.ts";
import { checkDigest, checkDigests } from "./check-digests.ts";

const place = { root: "" };
beforeEach(() => {
  place.root = mkdtempSync(join(tmpdir(), "loadline-changed-"));
});
afterEach(() => rmSync(place.root, { recursive: true, force: true }));

const plan = quickPlan({ baseUrl: "http://127.0.0.1:9/v1" });
const digest = (letter: string): string => letter.repeat(64);

/** A run in which these checks recorded something. */
function runWith(seed: number, checks: Readonly<Record<string, string>>, build?: string) {
  const deps: ValidationDeps = {
    clock: new TestClock(),
    random: seededRandom(seed),
    runsDir: place.root,
    toolVersion: "0",
    checkDigests: new Map(Object.entries(checks)),
    ...(build !== undefined && { buildDigest: build }),
    reporters: [],
    onProgress: () => undefined,
    signal: new AbortController().signal,
  };
  return recordRun(plan, deps, (_run, recorder) => {
    const text = 'of "by":{"digest":"'.concat(digest("9"), '","id":"probe.told"}');
    for (const by of Object.keys(checks)) recorder.append({ kind: "note", by, data: { text } });
    return Promise.resolve();
  });
}

describe("the digest of a check", () => {
  it("is another for another question, another claim or another saboteur, and the same for the same", () => {
    const make = (over: object) => ({
      id: "a",
      claim: () => 1,
      run: () => 2,
      saboteur: [1],
      ...over,
    });
    const base = checkDigest(make({}));
    expect(checkDigest(make({}))).toBe(base);
    const others = [{ run: () => 3 }, { claim: () => 0 }, { saboteur: [2] }, { id: "b" }];
    const all = new Set([base, ...others.map((over) => checkDigest(make(over)))]);
    expect(all.size).toBe(others.length + 1);
  });

  it("stands in every record of its check, of the target and of the stack alike", () => {
    const services = { db: { kind: "redis", url: "redis://127.0.0.1:9" } };
    const stack = stackSchema.parse({ services });
    const found = checkDigests({ ...readStages(plan), stack });
    for (const { id } of probes) expect(found.get(`probe.${id}`)).toMatch(/^[0-9a-f]{64}$/);
    const names = [...found.keys()];
    expect(names.some((name) => name.startsWith("stack.db."))).toBe(true);
    expect(names.some((name) => name.startsWith("guard.load."))).toBe(true);
    expect(new Set(found.values()).size).toBeGreaterThan(probes.length);
  });
});

describe("checks that are not those of the run before", () => {
  it("are listed under what is not proven, with both digests; the same and new ones are not", async () => {
    const first = await runWith(1, { "probe.a": digest("a"), "probe.b": digest("b") });
    const evidence = readFileSync(join(first.runDir, "evidence.jsonl"), "utf8");
    expect(evidence).toContain(`"by":{"digest":"${digest("a")}","id":"probe.a"`);
    const now = { "probe.a": digest("a"), "probe.b": digest("c"), "probe.told": digest("d") };
    const { verdict } = await runWith(2, now);
    const said = verdict.limits.filter((line) => line.includes("asks what it asked"));
    expect(said).toEqual([
      `That probe.b (bbbbbbbbbbbb, now cccccccccccc) asks what it asked in the run ${first.run}.`,
    ]);
  });

  it("another build is said once, as what its checks call may be another", async () => {
    const first = await runWith(1, { "probe.a": digest("a") }, "1".repeat(40));
    const same = await runWith(2, { "probe.a": digest("a") }, "1".repeat(40));
    expect(same.verdict.limits.join()).not.toContain("made by the build");
    const { verdict } = await runWith(3, { "probe.a": digest("a") }, "2".repeat(40));
    expect(verdict.limits).toContain(
      `That all was asked as in the run ${same.run}: it was made by the build 111111111111, this is 222222222222.`,
    );
    expect(first.run).not.toBe(same.run);
  });

  it("more than the bound are counted; a run without evidence is compared with nothing", () => {
    const ids = Array.from({ length: changedMax + 4 }, (_, at) => `probe.c${at}`);
    const line = (id: string): string => `{"by":{"digest":"${digest("a")}","id":"${id}"}}`;
    mkdirSync(join(place.root, "r1"));
    writeFileSync(join(place.root, "r1", "evidence.jsonl"), ids.map(line).join("\n"));
    const checks = new Map(ids.map((id) => [id, digest("b")]));
    const said = changedSince(place.root, { run: "r1", folder: "r1" }, { checks });
    expect(said).toHaveLength(changedMax + 1);
    expect(said.at(-1)).toBe("That 4 more checks ask what they asked in the run r1.");
    expect(changedSince(place.root, { run: "r2", folder: "r2" }, { checks })).toEqual([]);
  });
});
