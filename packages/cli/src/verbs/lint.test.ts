import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { runCli } from "../run.ts";

function folderWith(files: Readonly<Record<string, string>>): string {
  const cwd = mkdtempSync(join(tmpdir(), "loadline-lint-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return cwd;
}

const cwd = folderWith({
  "wrong.md": "18 of 20 tests passed (95 %).\n",
  "right.md": "18 of 20 tests passed (90 %).\n",
  "words.md": "It went well.\n",
});

it.each([
  [["right.md"], 0],
  [["wrong.md"], 1],
  [["words.md"], 2],
  [["right.md", "words.md"], 2],
  [["words.md", "wrong.md"], 1],
])("lint %j exits %i", async (names, exit) => {
  const host = createTestHost(["lint", ...names], { cwd });
  expect(await runCli(host)).toBe(exit);
  for (const name of names) expect(host.out()).toContain(`${name}:`);
  expect(host.err()).toBe("");
});

it("a finding is printed with its level, rule, lines and the recomputed value", async () => {
  const host = createTestHost(["lint", "wrong.md"], { cwd });
  await runCli(host);
  expect(host.out()).toContain("contradiction ratio: 18 of 20 is 90 %, not 95 %");
  expect(host.out()).toContain("line 1: 18 of 20");
  expect(host.out()).toContain("recomputed: 90 %");
  expect(host.out()).toContain("checked: 2");
});

it("--json prints one document with every report", async () => {
  const host = createTestHost(["lint", "right.md", "wrong.md", "--json"], { cwd });
  expect(await runCli(host)).toBe(1);
  const parsed: unknown = JSON.parse(host.out());
  expect(parsed).toMatchObject({ exit: 1, reports: [{ exit: 0 }, { exit: 1 }] });
});

it("a file that is not there is named and exits 78", async () => {
  const host = createTestHost(["lint", "none.md"], { cwd });
  expect(await runCli(host)).toBe(78);
  expect(host.err()).toContain("LL_CLI_REPORT none.md");
  expect(host.out()).toBe("");
});

it("control characters of a report cannot drive the terminal", async () => {
  const hostile = folderWith({ "h.md": "18 of 20 tests passed (95 %) \u001b[2J\n" });
  const host = createTestHost(["lint", "h.md"], { cwd: hostile });
  expect(await runCli(host)).toBe(1);
  expect(host.out()).not.toContain("\u001b");
});
