import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = join(dirname(fileURLToPath(import.meta.url)), "../src");
const importPattern = /^(?:import|export)[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"/gm;

/** Every module reached from a file, and every package named on the way. */
function reach(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const match of readFileSync(file, "utf8").matchAll(importPattern)) {
      const target = match[1] ?? match[2] ?? "";
      if (target.startsWith(".")) visit(join(dirname(file), target));
      else packages.add(target);
    }
  };
  visit(join(source, entry));
  return { files, packages };
}

test("fold, verify and the browser entry reach no schema library and nothing of Node", () => {
  for (const entry of ["browser.ts", "fold.ts", "evidence/verify.ts"]) {
    const { files, packages } = reach(entry);
    expect(files.size).toBeGreaterThan(5);
    expect([...packages], entry).toEqual([]);
  }
});

test("the whole package imports nothing of Node, and zod only to read plans", () => {
  const { packages } = reach("index.ts");
  expect([...packages]).toEqual(["zod"]);
});

test("the clock, randomness and locales are not read anywhere", () => {
  const ambient = /Date\.now|new Date\(\)|performance\.|Math\.random|toLocale|Intl\.|process\./;
  for (const file of reach("index.ts").files) {
    expect(ambient.exec(readFileSync(file, "utf8"))?.[0], file).toBeUndefined();
  }
});
