import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readVerdict } from "@loadline/contract";
import { lintReport } from "@loadline/contract/lint";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderWithRuns, runNamed } from "../../test/bundles.ts";
import { type Ended, runLine } from "../../test/run-line.ts";

let cwd = "";
beforeEach(() => void (cwd = folderWithRuns()));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const good = `.loadline/runs/${runNamed(2)}`;
const bad = `.loadline/runs/${runNamed(1)}`;
const score = (line: string): Promise<Ended> => runLine(`score ${line}`, { cwd });
const gates = (text: string): void => writeFileSync(join(cwd, "gates.yaml"), text);

describe("score", () => {
  it("coverage stands beside each score, and a category without claims has neither", async () => {
    const { exit, out } = await score(good);
    expect(exit).toBe(0);
    expect(out).toMatch(/^ {2}Performance & Capacity +3\/3 100 % +3\/3 100 %$/m);
    expect(out).toMatch(/^ {2}Disaster Recovery +no claims +no claims$/m);
    expect(out).not.toMatch(/Disaster Recovery .*(0 %|100 %)/);
  });

  it("a score of nothing is no gate: a failed run exits 0, and says so in its figures", async () => {
    const { exit, out } = await score(bad);
    expect(exit).toBe(0);
    expect(out).toMatch(/^ {2}total +1\/1 100 % +0\/1 0 %$/m);
    expect(out).toContain("no gate by itself");
  });

  it("what a use still needs is told whole, in lines of at most 80 columns", async () => {
    const { out } = await score(good);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    const told = out.replace(/\s+/g, " ");
    expect(told).toContain(
      "nothing about Security & Compliance, Monitoring & Observability, Disaster Recovery, " +
        "Operational Readiness.",
    );
    expect(out).not.toContain("..");
  });

  it("a use asked for by name decides the exit, an unknown one is refused with the nearest", async () => {
    const open = await score(`${good} --use "first production"`);
    expect(open.exit).toBe(2);
    expect(open.out).toMatch(/^use first production: NOT_PROVEN, The plan promises nothing/m);
    const failed = await score(`${bad} --use "development and testing" --json`);
    expect(failed.exit).toBe(2);
    expect(JSON.parse(failed.out)).toMatchObject({ use: { use: "development and testing" } });
    const unknown = await score(`${good} --use "first prodution"`);
    expect(unknown.exit).toBe(64);
    expect(unknown.err).toContain('Did you mean "first production"?');
  });

  it("each risk has a level by claims it names, and none is low that no claim speaks of [R1-43]", async () => {
    const { out, exit } = await score(good);
    expect(exit).toBe(0);
    expect(out).toMatch(/^risks: unknown, as the worst of them$/m);
    expect(out).toMatch(/^ {2}overload +low +3 of 3 claims passed: \S+/m);
    expect(out).toMatch(/^ {2}data loss +unknown +No claim speaks of it\.$/m);
    const failed = await score(bad);
    expect(failed.out).toMatch(/^risks: high, as the worst of them$/m);
    const { risks } = JSON.parse((await score(`${bad} --json`)).out) as {
      risks: { level: string; claims: string[] }[];
    };
    const high = risks.filter(({ level }) => level === "high");
    expect(high.map(({ claims }) => claims.length)).toEqual([1]);
  });

  it("no use is ready where the plan promises nothing about what it needs", async () => {
    const { out } = await score(`${good} --json`);
    const { uses } = JSON.parse(out) as { uses: { use: string; outcome: string }[] };
    expect(uses.length).toBeGreaterThan(3);
    for (const { outcome } of uses) expect(outcome).not.toBe("READY");
  });

  it("a terminal gets colour on the outcome alone", async () => {
    const host = await runLine(`score ${good}`, { cwd, isTty: true });
    const plain = await score(good);
    expect(host.out).toContain("\u001b[33mNOT_PROVEN\u001b[0m");
    expect(host.out.replace(/\u001b\[[\d;]+m/g, "")).toBe(plain.out);
  });

  it("the checklist has a box for every required claim, ticked where it is proven and nowhere else [R2-55]", async () => {
    for (const [run, ticked, open] of [
      [good, 3, 0],
      [bad, 0, 1],
    ] as const) {
      const { exit, out } = await score(`${run} --checklist list.md`);
      expect([exit, out]).toEqual([0, (await score(run)).out]);
      const list = readFileSync(join(cwd, "list.md"), "utf8");
      const { claims } = readVerdict(
        JSON.parse(readFileSync(join(cwd, run, "verdict.json"), "utf8")),
      ) ?? { claims: [] };
      const boxes = list.split("\n").filter((line) => line.startsWith("- ["));
      const required = claims.filter((claim) => claim.required);
      expect(boxes.length).toBe(required.length);
      for (const { id, verdict } of required) {
        const box = boxes.find((line) => line.includes(`\`${id}\``)) ?? "";
        expect([id, box.startsWith("- [x] ")]).toEqual([id, verdict === "passed"]);
        if (verdict !== "passed") expect(box).toContain(`: ${verdict}`);
      }
      expect(boxes.filter((line) => line.startsWith("- [x] ")).length).toBeGreaterThanOrEqual(
        ticked,
      );
      expect(boxes.filter((line) => line.startsWith("- [ ] ")).length).toBeGreaterThanOrEqual(open);
      expect(lintReport("list.md", Buffer.from(list)).findings).toEqual([]);
    }
    const refused = await score(`${good} --checklist no/folder/list.md`);
    expect([refused.exit, refused.err]).toEqual([78, expect.stringContaining("LL_CLI_WRITE")]);
  });

  it("--rows gives all 215 rows a verdict, its coverage and its records; without a claim none is tested", async () => {
    const { exit, out } = await score(`${good} --rows`);
    expect(exit).toBe(0);
    const rows = out.split("\n").filter((line) => /^ {2}R\d-\d\d {2}/.test(line));
    expect(rows).toHaveLength(215);
    const document: {
      rows: { id: string; verdict: string; coverage: number | null; claims: string[] }[];
    } = JSON.parse((await score(`${good} --rows --json`)).out);
    expect(document.rows).toHaveLength(215);
    for (const { id, verdict, coverage, claims } of document.rows) {
      const line = rows.find((row) => row.startsWith(`  ${id}  `)) ?? "";
      expect(line).toContain(`${id}  ${verdict} `);
      const isOpen = line.endsWith("no claims of this run speak of it");
      expect([coverage === null, isOpen]).toEqual([claims.length === 0, claims.length === 0]);
      if (claims.length === 0) expect(verdict).toBe("not_tested");
      else expect(line).toMatch(/ decided; \d+ records: /);
    }
    expect(out).toContain("a claim shows a part of what it asks");
    expect((await score(good)).out).not.toContain("rows of the checklist");
  });

  it("each tick names records of its claim, and an open box none [R1-42]", async () => {
    await score(`${good} --checklist list.md`);
    const list = readFileSync(join(cwd, "list.md"), "utf8").split("\n");
    const ticked = list.filter((line) => line.startsWith("- [x] "));
    expect(ticked.length).toBeGreaterThan(2);
    const [records, document] = ["evidence.jsonl", "verdict.json"].map((name) =>
      readFileSync(join(cwd, good, name), "utf8"),
    );
    const claims = readVerdict(JSON.parse(document ?? ""))?.claims ?? [];
    for (const line of ticked) {
      const [, id, cited = ""] = /^- \[x\] `([^`]+)` .* \(records? (#.*)\)$/.exec(line) ?? [];
      const own = claims.find((claim) => claim.id === id)?.evidence ?? [];
      const seqs = [...cited.matchAll(/#(\d+)/g)].map(([, seq]) => Number(seq));
      expect([line, seqs.length > 0]).toEqual([line, true]);
      expect([line, seqs]).toEqual([line, own.slice(-3)]);
      for (const seq of seqs) expect(records).toContain(`"seq":${seq},`);
    }
    for (const line of list.filter((one) => one.startsWith("- [ ] "))) {
      expect(line).not.toMatch(/\(records? #/);
    }
  });

  it.each([
    ["its verdict", "verdict.json", '"verdict":"failed"', '"verdict":"passed"'],
    ["a record of its evidence", "evidence.jsonl", '"ok":false', '"ok":true'],
    ["its evidence, which is cut short", "evidence.jsonl", /\n[^\n]+\n$/, "\n"],
  ])("no box of a bundle is ticked after %s was changed", async (_, file, from, to) => {
    const path = join(cwd, bad, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(from, to));
    expect(readFileSync(path, "utf8")).not.toBe(text);
    const { exit, out, err } = await score(`${bad} --checklist list.md`);
    expect([exit, out]).toEqual([1, ""]);
    expect(err).toContain("LL_CLI_CHECKLIST verify says exit 1: ");
    expect(existsSync(join(cwd, "list.md"))).toBe(false);
  });

  it("a gate file that is not there, or is none, is named with its line: exit 78", async () => {
    const gone = await score(`${good} --gates gone.yaml`);
    expect([gone.exit, gone.err]).toEqual([78, expect.stringContaining("gone.yaml")]);
    gates("gates:\n  - nmae: x\n");
    const wrong = await score(`${good} --gates gates.yaml`);
    expect([wrong.exit, wrong.out]).toEqual([78, ""]);
    expect(wrong.err).toMatch(/LL_GATE_FILE .*gates\.yaml/);
  });
});
