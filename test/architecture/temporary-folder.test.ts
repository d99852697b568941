import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { setup } from "../temporary-folder.ts";

const ofTheRun = tmpdir();

describe("the temporary folder of a run", () => {
  afterEach(() => void (process.env["TMPDIR"] = ofTheRun));

  it("is the run's own, not the system's", () => {
    expect(ofTheRun).toMatch(/\/ll-\w{6}$/);
  });

  it("is a new one below the one before, in which every user may lay files", () => {
    const end = setup();
    expect(dirname(tmpdir())).toBe(ofTheRun);
    expect(statSync(tmpdir()).mode & 0o7777).toBe(0o1777);
    end();
  });

  it("goes at the end with all that was left in it", () => {
    const end = setup();
    const own = tmpdir();
    mkdirSync(join(own, "left", "below"), { recursive: true });
    writeFileSync(join(own, "left", "below", "file"), "text");
    end();
    expect(existsSync(own)).toBe(false);
    expect(existsSync(ofTheRun)).toBe(true);
  });

  it("goes though a process that ends still writes into it", async () => {
    const end = setup();
    const own = tmpdir();
    const script = `const { writeFileSync } = require("node:fs");
const untilMs = performance.now() + 1000;
for (let n = 0; performance.now() < untilMs; n++) writeFileSync(process.argv[1] + "/" + n, "");`;
    const child = spawn(process.execPath, ["-e", script, own], { stdio: "ignore" });
    const ended = once(child, "close");
    await expect.poll(() => existsSync(join(own, "0"))).toBe(true);
    end();
    expect(existsSync(own)).toBe(false);
    await ended;
  });
});
