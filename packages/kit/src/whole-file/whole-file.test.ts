import fs from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { replaceFile, replaceFileSync, writeSynced } from "./index.ts";

let dir = "";
let path = "";
/** Inodes, in the order in which they were synced. */
let synced: number[] = [];
let seconds: unknown[] = [];
const onSecond = (cause: unknown): void => void seconds.push(cause);

beforeEach(async () => {
  dir = fs.mkdtempSync(join(tmpdir(), "ll-whole-file-"));
  path = join(dir, "file");
  [synced, seconds] = [[], []];
  const handle = await open(dir, "r");
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { sync } = prototype;
  vi.spyOn(prototype, "sync").mockImplementation(async function (this: FileHandle) {
    synced.push((await this.stat()).ino);
    await sync.call(this);
  });
  const { fsyncSync } = fs;
  vi.spyOn(fs, "fsyncSync").mockImplementation((file) => {
    synced.push(fs.fstatSync(file).ino);
    fsyncSync(file);
  });
  syncBuiltinESMExports();
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  fs.rmSync(dir, { recursive: true });
});

const inode = (at: string): number => fs.statSync(at).ino;

describe.each([
  [
    "replaceFileSync",
    async (at: string, content: string | Uint8Array, mode: number) =>
      replaceFileSync(at, content, { mode, onSecond }),
  ],
  [
    "replaceFile",
    (at: string, content: string | Uint8Array, mode: number) =>
      replaceFile(at, content, { mode, onSecond }),
  ],
])("%s", (_, replace) => {
  it("leaves to who reads the old file its whole content, and the new one to who opens it", async () => {
    fs.writeFileSync(path, "old");
    const reader = fs.openSync(path, "r");
    await replace(path, "newer", 0o600);
    expect(fs.readFileSync(reader, "utf8")).toBe("old");
    fs.closeSync(reader);
    expect(fs.readFileSync(path, "utf8")).toBe("newer");
  });

  it("gives the file the mode that was asked for, whatever the old one's was", async () => {
    fs.writeFileSync(path, "old", { mode: 0o644 });
    await replace(path, Uint8Array.of(1, 2), 0o600);
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
    expect([...fs.readFileSync(path)]).toEqual([1, 2]);
  });

  it("syncs the file, and the folder after it", async () => {
    await replace(path, "text", 0o600);
    expect(synced).toEqual([inode(path), inode(dir)]);
  });

  it("takes the place of the draft that a crash left", async () => {
    fs.writeFileSync(`${path}.new`, "half of a longer text", { mode: 0o600 });
    await replace(path, "text", 0o600);
    expect(fs.readFileSync(path, "utf8")).toBe("text");
    expect(fs.readdirSync(dir)).toEqual(["file"]);
  });

  it("that fails leaves what was there and no draft", async () => {
    fs.mkdirSync(join(path, "kept"), { recursive: true });
    await expect(replace(path, "text", 0o600)).rejects.toMatchObject({ code: "EISDIR" });
    expect(fs.readdirSync(dir, { recursive: true })).toEqual(["file", join("file", "kept")]);
  });

  it("rejects where there is no folder, with the system's word", async () => {
    const nowhere = replace(join(dir, "none", "file"), "text", 0o600);
    await expect(nowhere).rejects.toMatchObject({ code: "ENOENT" });
    expect(seconds).toEqual([]);
  });
});

describe("writeSynced", () => {
  it("with wx leaves a file that is there as it is", async () => {
    fs.writeFileSync(path, "old");
    const o = { mode: 0o600, flag: "wx", onSecond } as const;
    await expect(writeSynced(path, "text", o)).rejects.toMatchObject({ code: "EEXIST" });
    expect(fs.readFileSync(path, "utf8")).toBe("old");
  });
});

describe("of two errors", () => {
  it.each([
    [
      "replaceFileSync",
      async (o: Parameters<typeof replaceFile>[2]) => replaceFileSync(path, "text", o),
    ],
    ["replaceFile", (o: Parameters<typeof replaceFile>[2]) => replaceFile(path, "text", o)],
  ])("the first is what %s ends with, and the second is told of", async (_, replace) => {
    fs.mkdirSync(`${path}.new`);
    const refused = replace({ mode: 0o600, onSecond });
    await expect(refused).rejects.toMatchObject({ code: "EISDIR", syscall: "open" });
    expect(seconds).toMatchObject([{ code: "ERR_FS_EISDIR" }]);
  });
});
