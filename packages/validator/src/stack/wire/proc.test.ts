import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { holdersOf, listenersOf, memoryOf, mountUnder, withChildren } from "./proc.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ll-proc-"));
  mkdirSync(join(root, "net"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const row = (local: string, state = "0A", inode = 7): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 0 0 ${inode} 1\n`;

function tables(four: readonly string[], six?: readonly string[]): void {
  writeFileSync(join(root, "net/tcp"), `  sl  local_address\n${four.join("")}`);
  if (six) writeFileSync(join(root, "net/tcp6"), `  sl  local_address\n${six.join("")}`);
}

function runs(pid: number, status: string, held: readonly number[] = []): void {
  mkdirSync(join(root, String(pid), "fd"), { recursive: true });
  writeFileSync(join(root, String(pid), "status"), status);
  held.forEach((inode, i) => symlinkSync(`socket:[${inode}]`, join(root, `${pid}/fd/${i + 3}`)));
}

const zeros = "0".repeat(24);

describe("listeners as the kernel writes them", () => {
  it.each([
    ["0100007F", "127.0.0.1", true],
    ["0500057F", "127.5.0.5", true],
    ["00000000", "0.0.0.0", false],
    ["0100000A", "10.0.0.1", false],
    [`${zeros}01000000`, "[::1]", true],
    [`${zeros}00000000`, "[::]", false],
    [`${zeros}02000000`, "[::2]", false],
    ["B80D0120000000000000000001000000", "[2001:db8::1]", false],
    ["000080FE000000000000000001000000", "[fe80::1]", false],
    ["0000000000000000FFFF00000100007F", "127.0.0.1", true],
    ["0000000000000000FFFF00000100000A", "10.0.0.1", false],
  ])("%s is %s, reached from this machine alone: %s", async (hex, address, isLoopback) => {
    const isSix = hex.length > 8;
    tables(isSix ? [] : [row(`${hex}:1F90`)], isSix ? [row(`${hex}:1F90`)] : []);
    expect(await listenersOf(root)).toEqual([{ address, port: 8080, isLoopback }]);
  });

  it("are those that wait for connections, with and without a table of IPv6", async () => {
    tables([row("0100007F:0050"), row("0100007F:0051", "01")]);
    expect((await listenersOf(root)).map(({ port }) => port)).toEqual([80]);
  });
});

describe("processes", () => {
  it("that hold a listener are found by its socket and no other", async () => {
    tables([row("0100007F:1F90", "0A", 7), row("0100007F:1F91", "0A", 8)]);
    runs(10, "", [9, 7]);
    runs(11, "", [8]);
    runs(12, "");
    mkdirSync(join(root, "self"));
    expect(await holdersOf(root, 8080)).toEqual([10]);
    expect(await holdersOf(root, 8081)).toEqual([11]);
    expect(await holdersOf(root, 8082)).toEqual([]);
  });

  it("are taken with all that descend from them", async () => {
    for (const [pid, parent] of [
      [10, 1],
      [11, 10],
      [12, 11],
      [13, 1],
    ] as const)
      runs(pid, `Name:\tx\nPPid:\t${parent}\n`);
    expect((await withChildren(root, [10])).toSorted()).toEqual([10, 11, 12]);
    expect(await withChildren(root, [13])).toEqual([13]);
  });

  it("together take what each has for itself and the largest part they share", async () => {
    const split = (anon: number, file: number, shmem: number): string =>
      `VmRSS:\t9999 kB\nRssAnon:\t${anon} kB\nRssFile:\t${file} kB\nRssShmem:\t${shmem} kB\n`;
    runs(10, split(100, 30, 2));
    runs(11, split(50, 20, 1));
    runs(12, "VmRSS:\t7 kB\n");
    expect(await memoryOf(root, [10, 11, 12, 99])).toBe((100 + 50 + 7 + 32) * 1024);
  });
});

describe("the mount a folder lies on", () => {
  it.each([
    ["/data/models", "/data", "ext4", true],
    ["/data", "/data", "ext4", true],
    ["/database", "/", "overlay", false],
    ["/with space/x", "/with space", "tmpfs", false],
    ["/late/x", "/late", "xfs", false],
    ["/broken", "/broken", "ext4", true],
  ])("%s is on %s, %s, read only: %s", async (folder, mount, fileSystem, isReadOnly) => {
    runs(10, "");
    writeFileSync(
      join(root, "10/mountinfo"),
      [
        "1 0 0:1 / / rw - overlay overlay rw",
        "2 1 0:2 / /data ro,nosuid - ext4 /dev/a rw",
        "3 1 0:3 / /with\\040space rw - tmpfs tmpfs rw",
        "4 1 0:4 / /late rw - ext4 /dev/b rw",
        "5 1 0:5 / /late rw - xfs /dev/c rw",
        "6 1 0:6 / /broken rw - ext4 /dev/d rw,ro",
      ].join("\n"),
    );
    expect(await mountUnder(root, 10, folder)).toEqual({ folder: mount, fileSystem, isReadOnly });
  });
});
