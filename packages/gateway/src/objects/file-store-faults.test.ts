import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { eventually, removeFolder } from "@loadline/testkit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryDir } from "../../test/harness.ts";
import { processStart } from "../state/owner.ts";
import { createFileStore } from "./file-store.ts";
import type { ObjectStore } from "./object-store.ts";
import { Partials, type Swept } from "./partials.ts";

const { signal } = new AbortController();
const hourMs = 3_600_000;
const bytes = Buffer.from("x");
let root: string;
let objects: string;
let store: ObjectStore | undefined;
let seconds: unknown[];
let clock: TestClock;
/** The next sweep that has something to tell. */
let onSwept: (swept: Swept) => void;

beforeEach(() => {
  root = temporaryDir();
  objects = join(root, "made", "objects");
  seconds = [];
  clock = new TestClock(Date.now());
  onSwept = () => undefined;
  store = undefined;
});
afterEach(() => {
  vi.restoreAllMocks();
  store?.close();
  removeFolder(root);
});

/** The first sweep begins at once: what it is to find has to be there. */
function openStore(): ObjectStore {
  return (store = createFileStore(objects, {
    random: seededRandom(1),
    clock,
    onSwept: (swept) => onSwept(swept),
    onSecond: (cause) => void seconds.push(cause),
  }));
}

async function handlePrototype(): Promise<FileHandle> {
  const handle = await open(root, "r");
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}

describe("folders made for an object", () => {
  /** What is synced from here on, as inode numbers. */
  async function syncs(): Promise<number[]> {
    const seen: number[] = [];
    const prototype = await handlePrototype();
    const { sync } = prototype;
    vi.spyOn(prototype, "sync").mockImplementation(async function (this: FileHandle) {
      seen.push((await this.stat()).ino);
      await sync.call(this);
    });
    return seen;
  }
  const inodes = (...paths: readonly string[]): number[] => paths.map((path) => statSync(path).ino);

  it("are synced with every parent that was made, up to the one that was there", async () => {
    const seen = await syncs();
    const opened = openStore();
    await opened.put("a/b/c", bytes, signal);
    const made = [root, join(root, "made"), objects, join(objects, "a"), join(objects, "a", "b")];
    expect(seen).toEqual(expect.arrayContaining(inodes(...made)));
  });

  it("by a question are not synced for it, but before the first object is kept", async () => {
    const seen = await syncs();
    const opened = openStore();
    await opened.ping(signal);
    expect(seen).toEqual([]);
    await opened.put("a/b", bytes, signal);
    expect(seen).toEqual(expect.arrayContaining(inodes(root, join(root, "made"), objects)));
  });

  it("that another process made, and may not have synced, are synced once more by this one", async () => {
    mkdirSync(join(objects, "a", "b"), { recursive: true });
    const seen = await syncs();
    const opened = openStore();
    await opened.put("a/b/c", bytes, signal);
    expect(seen).toEqual(expect.arrayContaining(inodes(objects, join(objects, "a"))));
    const before = seen.length;
    await opened.put("a/b/d", bytes, signal);
    // The object and the folder that it is in.
    expect(seen.length - before).toBe(2);
  });
});

describe("a put whose clean-up fails too", () => {
  it("rejects with what came first: a disk that is full stays a disk that is full", async () => {
    const opened = openStore();
    await opened.put("a/b", bytes, signal);
    const prototype = await handlePrototype();
    vi.spyOn(prototype, "writeFile").mockImplementation(() => {
      const folder = join(objects, ".partial");
      for (const name of readdirSync(folder)) {
        // A folder is not removed as a file is.
        rmSync(join(folder, name));
        mkdirSync(join(folder, name));
      }
      return Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" }));
    });
    await expect(opened.put("a/c", bytes, signal)).rejects.toMatchObject({ kind: "full" });
    expect(seconds).toMatchObject([{ code: "ERR_FS_EISDIR" }]);
    expect(await opened.list("a/", 10, signal)).toEqual(["a/b"]);
  });
});

describe("a put that ends badly", () => {
  it("given up before it is moved to its place leaves nothing there", async () => {
    const opened = openStore();
    const given = new AbortController();
    const prototype = await handlePrototype();
    vi.spyOn(prototype, "writeFile").mockImplementation(() => Promise.resolve(given.abort()));
    const fault = { kind: "unreachable", isDoubtful: false };
    await expect(opened.put("a/b", bytes, given.signal)).rejects.toMatchObject(fault);
    expect(await opened.list("a/", 10, signal)).toEqual([]);
    expect(readdirSync(join(objects, ".partial"))).toEqual([]);
  });

  it("before it is moved to its place is no doubt: nothing is there", async () => {
    const opened = openStore();
    await opened.put("a/b", bytes, signal);
    const prototype = await handlePrototype();
    vi.spyOn(prototype, "writeFile").mockRejectedValue(
      Object.assign(new Error("no such device"), { code: "EIO" }),
    );
    const fault = { kind: "unreachable", message: "EIO", isDoubtful: false };
    await expect(opened.put("a/c", bytes, signal)).rejects.toMatchObject(fault);
    expect(await opened.list("a/", 10, signal)).toEqual(["a/b"]);
  });

  it("in being moved, or removed, is in doubt", async () => {
    const opened = openStore();
    // A folder stands where the object belongs.
    mkdirSync(join(objects, "a", "b", "c"), { recursive: true });
    const fault = { kind: "unreachable", isDoubtful: true };
    await expect(opened.put("a/b", bytes, signal)).rejects.toMatchObject(fault);
    await expect(opened.remove("a/b", signal)).rejects.toMatchObject(fault);
  });

  it("in the folder of an object that is there already is in doubt, even on a full disk", async () => {
    const opened = openStore();
    await opened.put("a/b", bytes, signal);
    const prototype = await handlePrototype();
    const { sync } = prototype;
    vi.spyOn(prototype, "sync").mockImplementation(async function (this: FileHandle) {
      if ((await this.stat()).isDirectory())
        throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      await sync.call(this);
    });
    const fault = { kind: "unreachable", isDoubtful: true };
    await expect(opened.put("a/c", bytes, signal)).rejects.toMatchObject(fault);
    expect(await opened.list("a/", 10, signal)).toEqual(["a/b", "a/c"]);
  });
});

describe("what crashed processes left half written", () => {
  const folder = (): string => join(objects, ".partial");
  const left = (name: string): void => writeFileSync(join(folder(), name), "half");
  /** A name as a process with this pid and start would give. */
  async function nameOf(pid: number, startTicks: number): Promise<string> {
    const path = await new Partials(objects, seededRandom(7)).hold((held) => Promise.resolve(held));
    return path
      .slice(folder().length + 1)
      .replace(/-\d+-\d+\.partial$/, `-${pid}-${startTicks}.partial`);
  }
  const swept = (): Promise<Swept> => new Promise((resolve) => void (onSwept = resolve));
  const sweep = async (partials: Partials): Promise<Swept> =>
    partials.sweep(await partials.names(), Date.now());
  /** The next sweep is arranged for when the first one is over. */
  const isArranged = (): Promise<void> =>
    eventually(systemClock(), () => clock.pending === 1, 10_000);

  beforeEach(() => mkdirSync(folder(), { recursive: true }));

  it("is removed at the start of the next one, and nothing that is not ours with it", async () => {
    left(await nameOf(process.ppid, 1));
    left("0123.partial");
    const end = swept();
    openStore();
    expect(await end).toEqual({ removed: 1, failed: 0 });
    expect(readdirSync(folder())).toEqual(["0123.partial"]);
  });

  it("is left alone while its process lives, and while this one writes it", async () => {
    const partials = new Partials(objects, seededRandom(8));
    const startTicks = processStart(process.ppid) ?? 0;
    left(await nameOf(process.ppid, startTicks));
    const own = await partials.hold(async (path) => {
      writeFileSync(path, "half");
      expect(await sweep(partials)).toEqual({ removed: 0, failed: 0 });
      return path;
    });
    expect(readdirSync(folder())).toHaveLength(2);
    // What a failed clean-up of this process left is not held any more.
    expect(await sweep(partials)).toEqual({ removed: 1, failed: 0 });
    expect(readdirSync(folder())).not.toContain(own.slice(folder().length + 1));
  });

  it("of a process that cannot be asked for goes once it is an hour old, without a restart", async () => {
    const name = (await nameOf(1, 1)).replace(/\.[0-9a-f]{12}-/, `.${"0".repeat(12)}-`);
    left(name);
    const partials = new Partials(objects, seededRandom(8));
    expect(await sweep(partials)).toEqual({ removed: 0, failed: 0 });
    const end = swept();
    openStore();
    await isArranged();
    expect(readdirSync(folder())).toEqual([name]);
    clock.advance(hourMs + 60_000);
    expect(await end).toEqual({ removed: 1, failed: 0 });
  });

  it("that cannot be removed is counted with the first cause, and the others are removed", async () => {
    const name = await nameOf(process.ppid, 1);
    for (const first of ["a", "b"]) mkdirSync(join(folder(), name.replace(/^./, first)));
    for (let i = 0; i < 100; i++) left(name.replace(/^.{3}/, `0${i}`.padStart(3, "0")));
    const end = swept();
    openStore();
    const cause: unknown = expect.objectContaining({ code: "ERR_FS_EISDIR" });
    expect(await end).toEqual({ removed: 100, failed: 2, cause });
  });

  it("is removed a few at a time, between which others have their turn", async () => {
    const opened = openStore();
    await opened.put("a/b", bytes, signal);
    await isArranged();
    const name = await nameOf(process.ppid, 1);
    for (let i = 0; i < 400; i++) left(name.replace(/^.{3}/, `${i}`.padStart(3, "0")));
    // An object that is being synced has one turn of the two.
    const prototype = await handlePrototype();
    const synced = Promise.withResolvers<void>();
    vi.spyOn(prototype, "sync").mockImplementation(() => synced.promise);
    const put = opened.put("a/c", bytes, signal);
    const end = swept();
    clock.advance(hourMs);
    const counts = [400];
    for (let last = 400; last > 1; counts.push(last)) {
      await opened.ping(signal);
      last = readdirSync(folder()).length;
    }
    synced.resolve();
    await put;
    expect(await end).toEqual({ removed: 400, failed: 0 });
    const removed = counts.slice(1).map((count, i) => (counts[i] ?? 0) - count);
    expect(Math.max(...removed)).toBeLessThan(100);
  });
});
