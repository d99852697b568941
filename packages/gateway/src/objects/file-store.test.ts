import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { removeFolder } from "@loadline/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDir } from "../../test/harness.ts";
import { createFileStore } from "./file-store.ts";
import { ObjectFault, type ObjectStore } from "./object-store.ts";

const { signal } = new AbortController();
let root: string;
let store: ObjectStore;
beforeEach(() => {
  root = temporaryDir();
  store = openStore();
});
afterEach(() => store.close());
afterEach(() => removeFolder(root));

function openStore(): ObjectStore {
  const ignored = (): undefined => undefined;
  const told = { onSwept: ignored, onSecond: ignored };
  return createFileStore(join(root, "objects"), {
    random: seededRandom(1),
    clock: new TestClock(),
    ...told,
  });
}

async function kindOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "none",
    (cause: unknown) => (cause instanceof ObjectFault ? cause.kind : "another error"),
  );
}

/** Reading one blocks as a frozen file system does, until `thaw`. */
function freeze(key: string): { thaw(): Promise<unknown> } {
  const path = join(root, "objects", key);
  execFileSync("mkfifo", [path]);
  return { thaw: () => promisify(execFile)("sh", ["-c", ': > "$0"', path]) };
}

describe("a folder that is frozen", () => {
  it("leaves threads to the rest of the process, and every call ends once it is not", async () => {
    await store.put("a/b", Buffer.from("x"), signal);
    const keys = ["a/1", "a/2", "a/3", "a/4", "a/5"];
    const frozen = keys.map(freeze);
    const reads = keys.map((key) => store.get(key, signal));
    // Four stuck ones would be all threads there are.
    const other = await readFile(join(root, "objects", "a", "b"), "utf8");
    expect(other).toBe("x");
    await Promise.all(frozen.map(({ thaw }) => thaw()));
    expect((await Promise.all(reads)).map(String)).toEqual(["", "", "", "", ""]);
    expect(String(await store.get("a/b", signal))).toBe("x");
  });

  it("begins nothing that was given up while it waited", async () => {
    await store.put("a/b", Buffer.from("x"), signal);
    const frozen = ["a/1", "a/2"].map(freeze);
    const reads = ["a/1", "a/2"].map((key) => store.get(key, signal));
    const given = new AbortController();
    const late = kindOf(store.remove("a/b", given.signal));
    given.abort();
    await Promise.all([...frozen.map(({ thaw }) => thaw()), ...reads]);
    expect(await late).toBe("unreachable");
    expect(String(await store.get("a/b", signal))).toBe("x");
  });
});

describe("objects as files", () => {
  it("give back what was put, whole or its beginning, and nothing for what is not there", async () => {
    const bytes = Buffer.from("0123456789");
    await store.put("a/b", bytes, signal);
    expect(await store.get("a/b", signal)).toEqual(bytes);
    expect(await store.get("a/b", signal, 4)).toEqual(Buffer.from("0123"));
    expect(await store.get("a/b", signal, 100)).toEqual(bytes);
    expect(await store.get("a/c", signal)).toBeUndefined();
    expect(await store.get("b/c", signal)).toBeUndefined();
  });

  it("are replaced as a whole, and are gone once removed, twice too", async () => {
    await store.put("a/b", Buffer.from("long before"), signal);
    await store.put("a/b", Buffer.from("short"), signal);
    expect(String(await store.get("a/b", signal))).toBe("short");
    await store.remove("a/b", signal);
    await store.remove("a/b", signal);
    await store.remove("never/there", signal);
    expect(await store.get("a/b", signal)).toBeUndefined();
  });

  it("are listed by prefix in ascending order, at most as many as asked for", async () => {
    for (const key of ["a/2", "a/1", "a/12", "b/1"]) await store.put(key, Buffer.from("x"), signal);
    expect(await store.list("a/", 10, signal)).toEqual(["a/1", "a/12", "a/2"]);
    expect(await store.list("a/1", 10, signal)).toEqual(["a/1", "a/12"]);
    expect(await store.list("a/", 1, signal)).toEqual(["a/1"]);
    expect(await store.list("c/", 10, signal)).toEqual([]);
  });

  it("leave no half one behind, and one that a crash left is not listed", async () => {
    await store.put("a/b", Buffer.from("x"), signal);
    expect(readdirSync(join(root, "objects", "a"))).toEqual(["b"]);
    expect(readdirSync(join(root, "objects", ".partial"))).toEqual([]);
    writeFileSync(join(root, "objects", "a", "0011.partial"), "half");
    expect(await store.list("a/", 10, signal)).toEqual(["a/b"]);
    expect(await store.list("", 10, signal)).toEqual(["a"]);
  });

  it("are away while their folder cannot be used, and there again by themselves", async () => {
    await store.ping(signal);
    await store.put("a/b", Buffer.from("x"), signal);
    renameSync(join(root, "objects"), join(root, "moved"));
    writeFileSync(join(root, "objects"), "");
    expect(await kindOf(store.ping(signal))).toBe("unreachable");
    expect(await kindOf(store.put("a/c", Buffer.from("x"), signal))).toBe("unreachable");
    expect(await kindOf(store.get("a/b", signal))).toBe("unreachable");
    expect(await kindOf(store.list("a/", 1, signal))).toBe("unreachable");
    rmSync(join(root, "objects"));
    renameSync(join(root, "moved"), join(root, "objects"));
    expect(await kindOf(store.ping(signal))).toBe("none");
    expect(String(await store.get("a/b", signal))).toBe("x");
  });

  it("a put that fails leaves the object of before and no other file", async () => {
    await store.put("a/b", Buffer.from("before"), signal);
    // A folder stands where the new object belongs.
    mkdirSync(join(root, "objects", "a", "c", "d"), { recursive: true });
    expect(await kindOf(store.put("a/c", Buffer.from("x"), signal))).toBe("unreachable");
    expect(readdirSync(join(root, "objects", "a")).toSorted()).toEqual(["b", "c"]);
    expect(String(await store.get("a/b", signal))).toBe("before");
  });
});
