import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fullPlan, quickPlan } from "./build-plan.ts";
import { loadGates } from "./gates.ts";
import { declaredFeatures, loadWaivers } from "./waivers.ts";

const plan = fullPlan({ baseUrl: "http://127.0.0.1:9/v1", name: "demo" });
const waiver = `waivers:
  - claim: drill.restore
    covers: not_tested
    reason: Restores are drilled by hand until the stage exists.
    owner: R. Owner
    approvedBy: A. Approver
    created: 2026-04-01
    expires: 2026-05-01
    target: demo
    link: OPS-12
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "loadline-waivers-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(text: string): string {
  const path = join(folder, "file.yaml");
  writeFileSync(path, text);
  return path;
}
const attempt = (text: string) => (): unknown => loadWaivers(plan, fileOf(text));

describe("waivers of a plan", () => {
  test("they become part of the plan, so that its digest covers them", () => {
    const read = loadWaivers(plan, fileOf(waiver));
    expect(read.waivers).toMatchObject([{ claim: "drill.restore", expires: "2026-05-01" }]);
    expect(read.claims).toEqual(plan.claims);
  });

  test.each([
    ["claim: drill.restore", "claim: drill.restor", "LL_WAIVER_CLAIM", 2],
    ["approvedBy: A. Approver", "approvedBy: R. Owner", "LL_WAIVER_APPROVER", 6],
    ["expires: 2026-05-01", "expires: 2026-12-01", "LL_WAIVER_EXPIRY", 8],
    ["link: OPS-12", "lnk: OPS-12", "LL_WAIVER_SHAPE", 10],
  ])("%s as %s is refused with its line", (from, to, code, line) => {
    const broken = attempt(waiver.replace(from, to));
    expect(broken).toThrow(expect.objectContaining({ code: "LL_WAIVER_FILE" }));
    expect(broken).toThrow(code);
    expect(broken).toThrow(`file.yaml:${line})`);
  });

  test("a missing file and a broken text are refused", () => {
    expect(() => loadWaivers(plan, join(folder, "gone.yaml"))).toThrow("gone.yaml");
    expect(attempt("waivers: [")).toThrow(expect.objectContaining({ code: "LL_WAIVER_FILE" }));
  });

  test("a feature the target declares is never called not applicable", () => {
    const baseUrl = "http://127.0.0.1:9/v1";
    expect(declaredFeatures(quickPlan({ baseUrl, embeddingsModel: "e" }))).toContain("embeddings");
    expect(declaredFeatures(quickPlan({ baseUrl }))).not.toContain("embeddings");
  });
});

describe("a gate file", () => {
  test("is read with its ratios", () => {
    const text = 'gates:\n  - id: s\n    group: security\n    minScore: "95 %"\n';
    expect(loadGates(fileOf(text))).toEqual([
      { id: "s", group: "security", minScore: 0.95, minCoverage: 1 },
    ]);
  });

  test("a bare 95 is refused with its line", () => {
    const read = (): unknown => loadGates(fileOf("gates:\n  - id: s\n    minScore: 95\n"));
    expect(read).toThrow(expect.objectContaining({ code: "LL_GATE_FILE" }));
    expect(read).toThrow("file.yaml:3)");
    expect(() => loadGates(join(folder, "gone.yaml"))).toThrow("gone.yaml");
  });
});
