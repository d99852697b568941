import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { endChild } from "./end-child.ts";
import { removeFolder } from "./remove-folder.ts";

describe("a folder that is removed", () => {
  it("goes with all that is in it, and one that is not there is no fault", () => {
    const path = mkdtempSync(join(tmpdir(), "ll-remove-"));
    mkdirSync(join(path, "a", "b"), { recursive: true });
    writeFileSync(join(path, "a", "b", "file"), "text");
    removeFolder(path);
    expect(existsSync(path)).toBe(false);
    removeFolder(path);
  });

  it("goes though somebody still writes into it", async () => {
    const path = mkdtempSync(join(tmpdir(), "ll-remove-"));
    // Writes without a pause for as long as the folder is there, 300 ms at most after it is told of.
    const script = `const { writeFileSync } = require("node:fs");
let untilMs = Infinity;
for (let n = 0; performance.now() < untilMs; n++) {
  try { writeFileSync(process.argv[1] + "/" + n, ""); } catch { break; }
  if (n === 2000) { process.stdout.write("up"); untilMs = performance.now() + 300; }
}`;
    const child = spawn(process.execPath, ["-e", script, path], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await once(child.stdout, "data");
    removeFolder(path);
    expect(existsSync(path)).toBe(false);
    await endChild(child);
  });
});
