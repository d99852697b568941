import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import type { ValidationDeps } from "../run/types.ts";
import type { CaseSeen, SelftestCase, SelftestFamily } from "./case.ts";
import { saboteurOf, selectCases } from "./registry.ts";
import { runSelftest } from "./run-selftest.ts";

const never = new AbortController().signal;

function deps(signal = never): ValidationDeps {
  return {
    clock: systemClock(),
    random: seededRandom(3),
    runsDir: mkdtempSync(join(tmpdir(), "loadline-selftest-test-")),
    toolVersion: "0",
    reporters: [],
    onProgress: () => undefined,
    signal,
  };
}

const says = (word: string, blamed: readonly string[] = []): (() => Promise<CaseSeen>) => {
  return () => Promise.resolve({ word, blamed, seen: "a sentence" });
};

function family(...cases: readonly Partial<SelftestCase>[]): SelftestFamily {
  const whole = cases.map((one, at) => ({
    id: `made.${at}`,
    summary: "a made check",
    caught: "failed false",
    sabotaged: says("failed false"),
    clean: says("passed"),
    ...one,
  }));
  return { id: "made", summary: "made", cases: () => whole };
}

async function stateOf(one: Partial<SelftestCase>): Promise<string> {
  const { rows, result } = await runSelftest(deps(), { families: [family(one)] });
  return `${rows[0]?.state} ${result.exitCode}`;
}

describe("the selftest", () => {
  it("[R2-50] every check of this build catches its saboteur, passes its twin and blames no other", async () => {
    const { rows, caught, declared, result } = await runSelftest(deps());
    const open = rows.filter(({ state }) => state !== "caught" && state !== "absent");
    expect(open).toEqual([]);
    expect(caught).toBe(declared);
    expect(caught).toBeGreaterThan(150);
    expect(result.exitCode).toBe(0);
  }, 480_000);

  it("a check knocked out is a survivor and gives exit 1", async () => {
    expect(await stateOf({ sabotaged: says("passed") })).toBe("survived 1");
  });

  it("a failure for another reason than the named one is a survivor", async () => {
    expect(await stateOf({ sabotaged: says("error crashed") })).toBe("survived 1");
    expect(await stateOf({ sabotaged: says("failed flaky") })).toBe("survived 1");
  });

  it("a check that fails its healthy twin is a survivor", async () => {
    expect(await stateOf({ clean: says("failed false") })).toBe("survived 1");
    expect(await stateOf({ clean: says("not_tested not_run") })).toBe("survived 1");
  });

  it("an unrelated check that fails too is a survivor: blame is exact", async () => {
    expect(await stateOf({ sabotaged: says("failed false", ["other.check"]) })).toBe("survived 1");
  });

  it("a saboteur that cannot run is neither caught nor survived and gives exit 2", async () => {
    const sabotaged = () => Promise.reject(new Error("no port"));
    expect(await stateOf({ sabotaged })).toBe("could_not_run 2");
  });

  it("a check this build lacks is shown as not tested and never counted as caught", async () => {
    const families = [family({}, { absent: "There are no drills." })];
    const { rows, caught, declared, result } = await runSelftest(deps(), { families });
    expect(rows.map(({ state }) => state)).toEqual(["caught", "absent"]);
    expect([caught, declared, result.exitCode]).toEqual([1, 1, 0]);
    const claim = result.verdict.claims.find(({ id }) => id === "selftest.made.1");
    expect(claim?.verdict).toBe("not_tested");
  });

  it("a run that is stopped leaves the rest not tested and exits 130", async () => {
    const stop = new AbortController();
    const families = [family({ clean: () => (stop.abort(), says("passed")()) }, {})];
    const { rows, result } = await runSelftest(deps(stop.signal), { families });
    expect([rows.length, result.exitCode]).toEqual([1, 130]);
    expect(result.verdict.claims[1]?.verdict).toBe("not_tested");
  });

  it("a check that the stop cut off in its middle has not survived: it is not tested", async () => {
    const silent = says("not_tested not_run");
    const cuts: readonly ((stop: AbortController) => Partial<SelftestCase>)[] = [
      (stop) => ({ sabotaged: () => (stop.abort(), silent()) }),
      (stop) => ({ clean: () => (stop.abort(), Promise.reject(new Error("aborted"))) }),
    ];
    for (const cut of cuts) {
      const stop = new AbortController();
      const families = [family(cut(stop))];
      const { rows, result } = await runSelftest(deps(stop.signal), { families });
      expect(result.exitCode).toBe(130);
      expect(rows.map(({ state }) => state)).toEqual(["could_not_run"]);
      expect(result.verdict.claims[0]?.verdict).toBe("not_tested");
      expect(result.verdict.outcome).toBe("NOT_PROVEN");
    }
  });

  it("writes a bundle with what each saboteur was judged by, and leaves no scratch folder", async () => {
    const wanted = deps();
    const { result } = await runSelftest(wanted, { only: "probe.openai.auth" });
    const lines = readFileSync(join(result.runDir, "evidence.jsonl"), "utf8").split("\n");
    const ref = /"refs":\["([0-9a-f]{64})"\]/.exec(lines.find((l) => l.includes("saboteur")) ?? "");
    const artifact = join(result.runDir, "artifacts", ref?.[1] ?? "none");
    expect(readFileSync(artifact, "utf8")).toContain("openai.auth");
    expect(existsSync(join(result.runDir, "manifest.json"))).toBe(true);
  });
});

describe("the registry of saboteurs", () => {
  const context = { clock: systemClock(), random: seededRandom(1), scratchDir: "", signal: never };

  it.each([[[]], [{}], [""], [undefined], [null]])(
    "a check whose saboteur is %j is refused with LL_SELFTEST_NO_SABOTEUR",
    (saboteur) => {
      expect(() => saboteurOf("probe.x", saboteur)).toThrow(/probe\.x cannot be shown to fail/);
    },
  );

  it("takes one case by its id, a family by the begin of ids, and names what it does not know", () => {
    const families = [family({ id: "a.x" }, { id: "a.y" }, { id: "ab.z" })];
    const ids = (only?: string) => selectCases(families, context, only).map(({ id }) => id);
    expect(ids("a.x")).toEqual(["a.x"]);
    expect(ids("a")).toEqual(["a.x", "a.y"]);
    expect(ids()).toHaveLength(3);
    expect(() => ids("b")).toThrow(/b is no check of this build/);
  });

  it("two cases of one id are refused", () => {
    expect(() => selectCases([family({ id: "a" }, { id: "a" })], context)).toThrow(/one id/);
  });
});
