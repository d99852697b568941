import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writingPragmas } from "./pragmas.ts";

test("a writing connection commits to the disk, holds foreign keys and keeps 256 KiB of pages", () => {
  const folder = mkdtempSync(join(tmpdir(), "ll-pragmas-"));
  try {
    using db = new DatabaseSync(join(folder, "one.db"));
    db.exec(writingPragmas);
    const read = (name: string): unknown =>
      Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect(read("journal_mode")).toBe("wal");
    expect(read("synchronous")).toBe(2);
    expect(read("foreign_keys")).toBe(1);
    expect(read("cache_size")).toBe(-256);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
