import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isOpenToOthers } from "./index.ts";

let dir = "";
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "ll-file-mode-"))));
afterEach(() => rmSync(dir, { recursive: true }));

describe.skipIf(process.platform === "win32")("a file", () => {
  it.each([
    [0o600, false],
    [0o700, false],
    [0o640, true],
    [0o604, true],
    [0o620, true],
    [0o601, true],
  ])("of mode %o is open to others: %s", (mode, isOpen) => {
    const path = join(dir, "file");
    writeFileSync(path, "secret");
    chmodSync(path, mode);
    expect(isOpenToOthers(path)).toBe(isOpen);
  });

  it("that is not there is an error, not a closed one", () => {
    expect(() => isOpenToOthers(join(dir, "none"))).toThrow("ENOENT");
  });
});
