import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
    expect(host.out.replace(/\u001b\[\d+m/g, "")).toBe(plain.out);
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
