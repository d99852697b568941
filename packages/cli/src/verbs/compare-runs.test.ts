import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson, planFileText, recordLine } from "@loadline/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encode, makeClaim, spread, startRun } from "../../../contract/test/support.ts";
import { failedBundle, folderWithRuns, runNamed, storeFiles } from "../../test/bundles.ts";
import { type Ended, runLine } from "../../test/run-line.ts";

let cwd = "";
beforeEach(() => void (cwd = folderWithRuns()));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const bad = `.loadline/runs/${runNamed(1)}`;
const good = `.loadline/runs/${runNamed(2)}`;
const run = (line: string): Promise<Ended> => runLine(line, { cwd });

/** A run of 400 calls, of which `bad` failed, over a plan with these settings of its load. */
function storeTuned(name: string, o: { bad: number; settings: object }): void {
  const made = startRun([makeClaim({ id: "chat.success", kind: "proportion", target: 0.99 })]);
  made.tally("chat.success", { n: 400, bad: o.bad, slices: spread(400, o.bad) });
  made.close();
  made.end();
  const plan = { ...made.plan, stages: { load: o.settings } };
  const files = new Map([
    ["evidence.jsonl", encode(made.records.map(recordLine).join(""))],
    ["plan.json", encode(planFileText(plan))],
    ["verdict.json", encode(`${canonicalJson(made.fold())}\n`)],
  ]);
  storeFiles(join(cwd, name), files);
}

describe("diff", () => {
  it("a claim that got better is named with both verdicts, and no exit code decides", async () => {
    const { exit, out } = await run(`diff ${bad} ${good}`);
    expect(exit).toBe(0);
    expect(out).toMatch(/^A run-1 NOT_READY {3}B run-1 READY$/m);
    expect(out).toMatch(/^better +http\.up +failed.* -> passed/m);
    expect(out).toMatch(/^new +chat\.p99 +- -> passed/m);
  });

  it("the other way round it got worse, and what B lacks is gone", async () => {
    const { exit, out } = await run(`diff ${good} ${bad}`);
    expect(exit).toBe(0);
    expect(out).toMatch(/^worse +http\.up +passed.* -> failed/m);
    expect(out).toMatch(/^gone +chat\.p99 +passed.* -> -$/m);
  });

  it("a run beside itself: every claim unchanged, same plan, target and machine", async () => {
    const { out } = await run(`diff ${good} ${good}`);
    expect(out).toContain("same plan: yes (0 loosened)  target: yes  machine: yes");
    expect(out).toContain("unchanged 3 of 3 verdicts");
    expect(out).not.toMatch(/^(worse|better|new|gone) /m);
  });

  it("--json holds the same comparison and nothing else", async () => {
    const { out, err } = await run(`diff ${bad} ${good} --json`);
    expect(err).toBe("");
    expect(JSON.parse(out)).toMatchObject({
      outcome: { a: "NOT_READY", b: "READY" },
      claims: expect.arrayContaining([
        expect.objectContaining({ claim: "http.up", change: "better" }),
      ]),
    });
  });

  it("a claim that moved stands with both figures and intervals, and what was configured otherwise beside it [R0-26]", async () => {
    storeTuned("before", { bad: 40, settings: { limits: { burst: 20 }, ratePerSecond: 50 } });
    storeTuned("after", { bad: 0, settings: { limits: { burst: 60 }, ratePerSecond: 50 } });
    const { exit, out } = await run("diff before after");
    expect(exit).toBe(0);
    expect(out).toMatch(
      /^better +chat\.success +failed.* 90 % 87\.2 %\.\.92\.4 % .*-> passed 100 % 99\.25 %\.\.100 % /m,
    );
    expect(out).toMatch(/^config +load\.limits\.burst 20 -> 60$/m);
    expect(out).not.toContain("ratePerSecond");
    const { out: json } = await run("diff before after --json");
    expect(JSON.parse(json)).toMatchObject({
      settings: [{ path: "load.limits.burst", from: "20", to: "60" }],
    });
  });

  it("--html writes the page, says so apart from the result, and leaves the text as it was", async () => {
    const plain = await run(`diff ${bad} ${good}`);
    const { exit, out, err } = await run(`diff ${bad} ${good} --html page.html`);
    expect([exit, out, err]).toEqual([0, plain.out, "page        page.html\n"]);
    const html = readFileSync(join(cwd, "page.html"), "utf8");
    expect(html).toContain("http.up");
    expect(html).not.toMatch(/<script[^>]+src=/);
  });

  it("a page that cannot be written is a fault of the path, not of the usage: exit 78", async () => {
    const { exit, err } = await run(`diff ${bad} ${good} --html gone/page.html`);
    expect(exit).toBe(78);
    expect(err).toMatch(/^LL_CLI_WRITE .*gone\/page\.html cannot be written \(ENOENT\)\. Check/m);
  });

  it.each([
    ["plan.json", "{", "plan.json is damaged"],
    ["plan.json", "{}", "plan.json is damaged"],
    ["verdict.json", "nothing", "verdict.json is damaged"],
    ["evidence.jsonl", '{"a":1}\n', "record 0 of evidence.jsonl is damaged"],
    ["evidence.jsonl", "", "evidence.jsonl holds no record"],
  ])("a damaged %s is named with its run: exit 3", async (name, text, message) => {
    cpSync(join(cwd, good), join(cwd, "copy"), { recursive: true });
    writeFileSync(join(cwd, "copy", name), text);
    const { exit, out, err } = await run(`diff ${good} copy`);
    expect([exit, out]).toEqual([3, ""]);
    expect(err).toMatch(/^LL_BUNDLE_READ .*copy/);
    expect(err).toContain(message);
  });

  it.each(["plan.json", "verdict.json", "evidence.jsonl"])(
    "a folder without %s says that it is missing, not that it is no JSON",
    async (name) => {
      cpSync(join(cwd, good), join(cwd, "copy"), { recursive: true });
      rmSync(join(cwd, "copy", name));
      const { exit, err } = await run(`diff ${good} copy`);
      expect(exit).toBe(3);
      expect(err).toMatch(new RegExp(`LL_BUNDLE_READ .*copy: ${name} is missing\\.`));
    },
  );
});

describe("trend", () => {
  it("each claim is a line of marks, oldest first; a break is told with its reason", async () => {
    const { exit, out } = await run("trend .loadline/runs");
    expect(exit).toBe(0);
    expect(out).toMatch(/^2 runs, oldest first\nrun-1 NOT_READY\nrun-1 READY\n/);
    expect(out).toMatch(/^http\.up +x\|?\+ /m);
    expect(out).toMatch(/^chat\.p99 + \|?\+ /m);
    expect(out).toContain("blank: no such claim");
  });

  it("--last takes the newest, and refuses what is no number of runs", async () => {
    const { out } = await run("trend .loadline/runs --last 1");
    expect(out).toMatch(/^1 run\nrun-1 READY\n/);
    for (const last of ["0", "201", "all"]) {
      expect((await run(`trend .loadline/runs --last ${last}`)).exit).toBe(64);
    }
  });

  it("a run without a verdict is still going or was cut: it is not a point of the line", async () => {
    mkdirSync(join(cwd, ".loadline/runs", runNamed(3)));
    expect((await run("trend .loadline/runs")).out).toMatch(/^2 runs/);
  });

  it("--json holds the outcomes and the rows", async () => {
    const { out, err } = await run("trend .loadline/runs --json");
    expect(err).toBe("");
    expect(JSON.parse(out)).toMatchObject({
      runs: [
        ["run-1", "NOT_READY"],
        ["run-1", "READY"],
      ],
      rows: expect.arrayContaining([expect.objectContaining({ claim: "http.up" })]),
    });
  });

  it("--html draws every run of the folder", async () => {
    const { err } = await run("trend .loadline/runs --html trend.html");
    expect(err).toContain("trend.html");
    const html = readFileSync(join(cwd, "trend.html"), "utf8");
    expect(html).toContain("NOT_READY");
    expect(html).toContain("chat.p99");
  });

  it("a folder that is not there, or cannot be, is told from one that holds no run", async () => {
    mkdirSync(join(cwd, "empty"));
    const gone = await run("trend gone");
    const empty = await run("trend empty");
    const longer = await run(`trend ${"x".repeat(300)}`);
    expect([gone.exit, empty.exit, longer.exit]).toEqual([78, 78, 78]);
    expect(longer.err).toMatch(/^LL_CLI_RUNS .*xxx: no such folder\./);
    expect(gone.err).toMatch(/^LL_CLI_RUNS .*gone: no such folder\. .*\.loadline\/runs/);
    expect(empty.err).toMatch(/empty: no closed run in this folder\./);
  });

  it("a damaged run is named, rather than left out of the line", async () => {
    const dir = storeFiles(join(cwd, ".loadline/runs", runNamed(4)), failedBundle().files);
    writeFileSync(join(dir, "plan.json"), "{");
    const { exit, err } = await run("trend .loadline/runs");
    expect(exit).toBe(3);
    expect(err).toContain(`${runNamed(4)}: plan.json is damaged`);
  });
});

describe("load compare", () => {
  it("runs without a schedule cannot be laid side by side: what differs is named, exit not 0", async () => {
    const { exit, out, err } = await run(`load compare ${good} ${bad}`);
    expect([exit === 0, out]).toEqual([false, ""]);
    expect(err).toMatch(/LL_LOAD_NOT_COMPARABLE .*schedule/);
  });

  it.each(["load compare one", "load compare one two three", "load compare"])(
    "%s: it takes two",
    async (line) => {
      const { exit, err } = await run(line);
      expect([exit, err]).toEqual([64, expect.stringContaining("LL_CLI_ARGUMENT compare takes")]);
    },
  );
});
