/** Several targets in one plan: one run, each target's claims under its name. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunPlan, verifyBundle } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBundle } from "../evidence/read-bundle.ts";
import { sha256 } from "../evidence/sha256.ts";
import { planRates } from "../plan/build-plan.ts";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import { textReporters } from "../reporters/table.ts";
import { cleanRules, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { planBudget } from "./budget.ts";
import { runValidation } from "./run-validation.ts";

let runsDir = "";
beforeEach(() => void (runsDir = mkdtempSync(join(tmpdir(), "loadline-targets-"))));
afterEach(() => rmSync(runsDir, { recursive: true, force: true }));

const keyed = { auth: "bearer", apiKeyEnv: "STUB_KEY" } as const;
const load = { ratePerSecond: 40, durationSeconds: 1, warmupSeconds: 0 };
const own = (id: string, of: string) => ({
  id,
  of,
  kind: "proportion",
  target: "50 %",
  statement: "holds in this window",
  category: "Performance & Capacity",
  rationale: "a promise to users",
});

function parsed(file: object) {
  return parsePlanFile(JSON.stringify({ load, ...file }));
}

function planOf(file: object): RunPlan {
  const made = parsed(file);
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return made.plan;
}

const runPlan = (plan: RunPlan, apiKeys: ReadonlyMap<string, string>) =>
  runValidation(plan, {
    clock: systemClock(),
    random: seededRandom(3),
    runsDir,
    toolVersion: "0.1.0",
    apiKeys,
    reporters: textReporters,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    loadEngine: "inline",
  });

const at = (port: number) => `http://127.0.0.1:${port}/v1`;

describe("a plan with several targets", () => {
  it("declares for each what it declares for one, under its name, and says both in the plan", () => {
    const one = planOf({ target: { url: at(8), ...keyed } });
    const two = planOf({ targets: { eu: { url: at(8), ...keyed }, us: { url: at(9) } } });
    const ids = one.claims.map(({ id }) => id);
    expect(two.claims.map(({ id }) => id)).toEqual(
      ["eu", "us"].flatMap((name) => ids.map((id) => `${name}.${id}`)),
    );
    const streams = two.claims.map(({ of }) => of);
    expect(new Set(streams).size).toBe(2 * new Set(one.claims.map(({ of }) => of)).size);
    expect(streams).toContain("probe.eu.openai.chat");
    expect(streams).toContain("load.us.chat.errors");
    expect(two.target).toEqual({ name: "eu, us", baseUrl: `${at(8)} ${at(9)}` });
    const minutes = (plan: RunPlan) => planBudget(plan).sumMs;
    expect(minutes(two)).toBe(2 * minutes(one));
  });

  it("the samples of each are planned, and its streams are those of claims of the plan's own", () => {
    const claims = [own("mine.us", "load.us.chat.errors")];
    const targets = { eu: { url: at(8) }, us: { url: at(9) } };
    const made = parsed({ targets, claims });
    if (!made.ok) throw new Error(JSON.stringify(made.problems));
    const rates = planRates(made.file);
    expect([rates["load.eu.chat.errors"]?.n, rates["load.us.stream.good"]?.n]).toEqual([40, 40]);
    expect(rates["load.chat.errors"]).toBeUndefined();
    const other = parsed({ targets, claims: [own("mine.asia", "load.asia.chat.errors")] });
    expect(other.ok ? "" : other.problems[0]?.code).toBe("LL_PLAN_STREAM");
  });

  it("refuses both keys, none, a bad name, a key of its own it lacks, and a service of a target's name", () => {
    const paths = (file: object): string[] => {
      const made = parsed(file);
      return made.ok ? [] : made.problems.map(({ path, message }) => `${path}: ${message}`);
    };
    const eu = { url: at(8) };
    expect(paths({ target: eu, targets: { eu } })[0]).toMatch(/^targets: give `target` or/);
    expect(paths({ targets: {} })[0]).toMatch(/^targets: give 1 to 16/);
    expect(paths({ targets: { EU: eu } })[0]).toMatch(/^targets/);
    expect(paths({ targets: { eu: { ...eu, nam: 1 } } })[0]).toMatch(/^targets\.eu/);
    const stack = { services: { eu: { kind: "rag", url: "http://127.0.0.1:9" } } };
    expect(paths({ profile: "full", targets: { eu }, stack })[0]).toMatch(
      /^stack\.services\.eu: eu is taken by the load of a target/,
    );
  });

  it("one that nothing can be sent to, for its key's sake, takes no claim from the others", async () => {
    await using good = await startStub(cleanRules);
    const plan = planOf({
      targets: {
        bad: { url: good.baseUrl, ...keyed },
        good: { url: good.baseUrl, ...keyed },
      },
    });
    const keys = new Map([
      ["bad", `${stubKey}\n`],
      ["good", stubKey],
    ]);
    const { runDir, verdict: whole } = await runPlan(plan, keys);
    // Its routes were read, after the other's could not be.
    expect(readFileSync(join(runDir, "evidence.jsonl"), "utf8")).toContain('"target":"good"}');
    const { claims } = whole;
    expect(claims.find(({ id }) => id === "good.openai.chat")?.verdict).toBe("passed");
    for (const { id, verdict } of claims) {
      if (/^bad\.(load\.|openai\.chat)/.test(id)) expect(verdict, id).toBe("error");
      if (id.startsWith("good.")) expect(verdict, id).not.toBe("error");
    }
  }, 60_000);

  it("is one run: each answers for itself alone, with its own key, and the bundle verifies", async () => {
    await using good = await startStub(cleanRules);
    const gone = await startStub([]);
    await gone.close();
    const plan = planOf({
      targets: {
        eu: { url: good.baseUrl, ...keyed, owner: "team eu" },
        us: { url: gone.baseUrl, apiKeyEnv: "US_KEY", owner: "team us" },
      },
      claims: [own("mine.eu", "load.eu.chat.errors"), own("mine.us", "load.us.chat.errors")],
    });
    const keys = new Map([
      ["eu", stubKey],
      ["us", "a-key-of-the-other-target"],
    ]);
    const result = await runPlan(plan, keys);
    const of = (id: string) => result.verdict.claims.find((one) => one.id === id);
    expect(of("eu.openai.chat")?.verdict).toBe("passed");
    expect(of("eu.openai.auth")?.verdict).toBe("passed");
    expect(of("us.openai.chat")?.verdict).toBe("failed");
    expect(of("us.http.alive")?.verdict).toBe("failed");
    const busy = /^(passed|inconclusive)$/;
    expect(of("mine.eu")?.verdict).toMatch(busy);
    expect(of("mine.eu")?.n).toBe(40);
    expect(of("mine.us")?.verdict).toMatch(/^(failed|inconclusive)$/);
    for (const { id, verdict } of result.verdict.claims) {
      if (id.startsWith("us.")) expect(verdict, id).not.toBe("passed");
      if (id.startsWith("eu.")) expect(verdict, id).not.toBe("failed");
    }
    expect(result.verdict.outcome).toBe("NOT_READY");
    expect(readdirSync(runsDir)).toHaveLength(1);
    const text = readFileSync(join(result.runDir, "evidence.jsonl"), "utf8");
    expect(text).toContain('"owner":"team us"');
    expect(text).not.toContain('"owner":"team eu"');
    for (const key of keys.values()) expect(text).not.toContain(key);
    const renderers = Object.fromEntries(textReporters.map((r) => [r.file, r.render]));
    const checked = await verifyBundle(await readBundle(result.runDir), {
      digest: sha256,
      renderers,
    });
    expect(checked.steps.filter(({ ok }) => ok === false)).toEqual([]);
  }, 60_000);
});
