import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeScratchFolder } from "./index.ts";

const own = new URL("index.ts", import.meta.url).href;

/** What is left in a temporary folder of its own when a process has run this. */
function leftBy(body: string): string[] {
  using scratch = makeScratchFolder("ll-scratch-test-");
  const script = `const { makeScratchFolder } = await import(${JSON.stringify(own)});
const { writeFileSync } = await import("node:fs");
const fill = (one) => writeFileSync(one.path + "/file", "text");
${body}`;
  const env = { ...process.env, TMPDIR: scratch.path };
  execFileSync(process.execPath, ["--input-type=module", "-e", script], { env, stdio: "ignore" });
  return readdirSync(scratch.path);
}

describe("a scratch folder", () => {
  it("is new, for this user alone, and named as asked", () => {
    using a = makeScratchFolder("ll-scratch-");
    using b = makeScratchFolder("ll-scratch-");
    expect(a.path).not.toBe(b.path);
    expect(basename(a.path)).toMatch(/^ll-scratch-\w{6}$/);
    expect(readdirSync(a.path)).toEqual([]);
  });

  it("goes with its block, all that lies in it too, also when the block throws", () => {
    let path = "";
    expect(() => {
      using scratch = makeScratchFolder("ll-scratch-");
      path = scratch.path;
      mkdirSync(join(path, "below"));
      writeFileSync(join(path, "below", "file"), "text");
      throw new Error("first");
    }).toThrow("first");
    expect(path).not.toBe("");
    expect(existsSync(path)).toBe(false);
  });

  it("that is gone already ends without a word", () => {
    const scratch = makeScratchFolder("ll-scratch-");
    scratch[Symbol.dispose]();
    expect(() => scratch[Symbol.dispose]()).not.toThrow();
  });

  it("of a process that ends at once is removed, each of several with its files", () => {
    const body = `for (let i = 0; i < 3; i++) fill(makeScratchFolder("ll-left-"));
process.exit(0);`;
    expect(leftBy(body)).toEqual([]);
  });

  it("of a process that nothing keeps any more is removed, the last of two too", () => {
    const body = `const [a, b] = [makeScratchFolder("ll-left-"), makeScratchFolder("ll-left-")];
fill(b);
a[Symbol.dispose]();`;
    expect(leftBy(body)).toEqual([]);
  });

  it("leaves its process no listener when it is gone", () => {
    const before = process.listenerCount("exit");
    const [a, b] = [makeScratchFolder("ll-scratch-"), makeScratchFolder("ll-scratch-")];
    expect(process.listenerCount("exit")).toBe(before + 1);
    a[Symbol.dispose]();
    b[Symbol.dispose]();
    expect(process.listenerCount("exit")).toBe(before);
  });
});
