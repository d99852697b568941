import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { canonicalJson } from "@loadline/contract";
import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { quickPlan } from "../plan/build-plan.ts";
import { recordRun } from "../run/record-run.ts";
import type { Reporter } from "../run/types.ts";
import { earlierRuns, earlierRunsMax } from "./earlier-runs.ts";
import { readReportModel, reRender } from "./re-render.ts";
import { readBundle } from "./read-bundle.ts";

const place = { root: "" };
beforeEach(() => {
  place.root = mkdtempSync(join(tmpdir(), "loadline-files-"));
});
afterEach(() => rmSync(place.root, { recursive: true, force: true }));

const plan = quickPlan({ baseUrl: "http://127.0.0.1:9/v1" });
const code = { code: "LL_BUNDLE_READ" };

/** A run of nothing: plan, two records, verdict. */
async function emptyRun(reporters: readonly Reporter[] = []): Promise<string> {
  const { runDir } = await recordRun(
    plan,
    {
      clock: new TestClock(),
      random: seededRandom(3),
      runsDir: join(place.root, "runs"),
      toolVersion: "0",
      reporters,
      onProgress: () => undefined,
      signal: new AbortController().signal,
    },
    () => Promise.resolve(),
  );
  return runDir;
}

describe("a bundle as a folder", () => {
  it("has the same names whatever way its path is written", async () => {
    const dir = await emptyRun();
    const names = [...(await readBundle(dir)).keys()].sort();
    expect(names).toContain("evidence.jsonl");
    const here = relative(process.cwd(), dir);
    for (const path of [
      `${dir}/`,
      `${dir}//`,
      `${dir}/.`,
      `${dir}/artifacts/..`,
      here,
      `./${here}`,
    ]) {
      expect([...(await readBundle(path)).keys()].sort(), path).toEqual(names);
    }
  });

  it("does not follow a link out of it", async () => {
    const dir = await emptyRun();
    writeFileSync(join(place.root, "secret"), "outside");
    symlinkSync(join(place.root, "secret"), join(dir, "artifacts", "link"));
    expect((await readBundle(dir)).has("artifacts/link")).toBe(false);
  });
});

describe("a bundle as an archive", () => {
  it("cut anywhere it is refused or lacks files; it never gives a file cut short", async () => {
    const dir = await emptyRun();
    const whole = await readBundle(dir);
    execFileSync("tar", ["-cf", join(place.root, "b.tar"), "-C", join(dir, ".."), "."]);
    const bytes = readFileSync(join(place.root, "b.tar"));
    const cut = join(place.root, "cut.tar");
    for (let at = 100; at < bytes.length; at += 1_777) {
      writeFileSync(cut, bytes.subarray(0, at));
      const files = await readBundle(cut).catch((error: unknown) => {
        expect(error).toMatchObject(code);
        return new Map<string, Uint8Array>();
      });
      for (const [name, content] of files) {
        const plain = name.slice(name.lastIndexOf("/") + 1);
        const known = [...whole].find(([file]) => file.endsWith(plain))?.[1];
        expect(Buffer.from(content).equals(known ?? Buffer.alloc(0)), name).toBe(true);
      }
    }
  });

  it("a gzip that is none, and an empty file, are refused or empty, never a crash", async () => {
    writeFileSync(join(place.root, "bad.tgz"), Buffer.from([0x1f, 0x8b, 1, 2, 3]));
    await expect(readBundle(join(place.root, "bad.tgz"))).rejects.toMatchObject(code);
    writeFileSync(join(place.root, "empty.tar"), "");
    expect((await readBundle(join(place.root, "empty.tar"))).size).toBe(0);
  });
});

describe("views from a bundle alone", () => {
  const good: Reporter = { id: "good", file: "good.txt", render: (m) => m.verdict.outcome };
  const bad: Reporter = {
    id: "bad",
    file: "bad.txt",
    render: () => {
      throw new Error("no ink");
    },
  };

  it("are the same bytes as those of the run, and one that throws leaves the others", async () => {
    const dir = await emptyRun([good]);
    const out = join(place.root, "out");
    mkdirSync(out);
    const { files, failures } = await reRender(dir, [bad, good], out);
    expect(files).toEqual(["good.txt"]);
    expect(failures).toEqual([{ id: "bad", message: "no ink" }]);
    const again = readFileSync(join(out, "good.txt"), "utf8");
    expect(again).toBe(readFileSync(join(dir, "good.txt"), "utf8"));
    expect(again).toBe("NOT_PROVEN");
  });

  it.each([
    ["plan.json", null],
    ["verdict.json", null],
    ["evidence.jsonl", null],
    ["plan.json", "{}"],
    ["verdict.json", '{"outcome":"READY"}'],
    ["evidence.jsonl", '{"seq":0}\n'],
    ["evidence.jsonl", '{"seq":'],
  ])("%s as %s is refused by its code", async (name, text) => {
    const files = await readBundle(await emptyRun());
    expect(readReportModel(files).verdict.outcome).toBe("NOT_PROVEN");
    if (text === null) files.delete(name);
    else files.set(name, Buffer.from(text));
    expect(() => readReportModel(files)).toThrow(expect.objectContaining(code));
  });
});

describe("earlier runs", () => {
  function addRun(name: string, change: Record<string, unknown> = {}): void {
    const verdict = {
      run: name,
      target: "t",
      outcome: "READY",
      endedAt: "2026-01-01T00:00:00.000Z",
      planDigest: "d",
      ...change,
    };
    mkdirSync(join(place.root, name));
    writeFileSync(join(place.root, name, "verdict.json"), canonicalJson(verdict));
  }
  const list = (): string[] =>
    earlierRuns(place.root, { except: "self", target: "t" }).map(({ run }) => run);

  it("newest first, of the same target, without itself", () => {
    for (const name of ["1", "3", "2", "self"]) addRun(name);
    addRun("4", { target: "other" });
    expect(list()).toEqual(["3", "2", "1"]);
  });

  it("a renamed folder keeps its place in time, and is said by its name", () => {
    addRun("baseline", { run: "2", endedAt: "2026-01-02T00:00:00.000Z" });
    addRun("3", { endedAt: "2026-01-03T00:00:00.000Z" });
    addRun("zz", { run: "1" });
    const found = earlierRuns(place.root, { except: "self", target: "t" });
    expect(found.map(({ run, folder }) => [run, folder])).toEqual([
      ["3", "3"],
      ["2", "baseline"],
      ["1", "zz"],
    ]);
  });

  it("a damaged one is left out, whatever is damaged about it", () => {
    addRun("1");
    addRun("2", { outcome: "FINE" });
    addRun("3", { endedAt: 7 });
    addRun("4", { planDigest: null });
    addRun("5", { run: [] });
    mkdirSync(join(place.root, "6"));
    writeFileSync(join(place.root, "6", "verdict.json"), "{");
    mkdirSync(join(place.root, "7", "verdict.json"), { recursive: true });
    writeFileSync(join(place.root, "8"), "a file");
    expect(list()).toEqual(["1"]);
  });

  it("no more than a bounded number are listed", () => {
    for (let i = 0; i < earlierRunsMax + 3; i++) addRun(`r${String(i).padStart(2, "0")}`);
    expect(list()).toHaveLength(earlierRunsMax);
    expect(list()[0]).toBe(`r${earlierRunsMax + 2}`);
  });
});
