import { chmodSync, mkdirSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { freePort } from "../../../testkit/src/free-port.ts";
import { describe, expect, it } from "vitest";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
import { type Folder, makeFolder } from "./stubs/folder.ts";
import { listening } from "./stubs/listening.ts";
import { startPartsTwin } from "./stubs/parts.ts";
import { startResourcesTwin } from "./stubs/resources.ts";
import { startWebStub } from "./stubs/web.ts";
import { againstTwin } from "./twin-suite.fixture.ts";
import { listenersOf, memoryOf, mountUnder, sampleProcess, withChildren } from "./wire/proc.ts";

const socketRow = (local: string, state = "0A"): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 0 0 1 1`;

const net = (rows: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  makeFolder({ "net/tcp": `  sl\n${rows.join("\n")}\n`, ...more });

describe("listeners of procfs", () => {
  it("are read in both families, as the kernel writes them", async () => {
    await using folder = await net([socketRow("0100007F:1F90"), socketRow("00000000:0050")], {
      "net/tcp6": [
        "  sl",
        socketRow(`${"0".repeat(32)}:0051`),
        socketRow(`${"0".repeat(24)}01000000:0052`),
        socketRow(`0000000000000000FFFF00000100007F:0053`),
        socketRow(`000080FE00000000FF005450B6A2FFFE:0054`),
      ].join("\n"),
    });
    expect(await listenersOf(folder.path)).toEqual([
      { address: "127.0.0.1", port: 8080, isLoopback: true },
      { address: "0.0.0.0", port: 80, isLoopback: false },
      { address: "[::]", port: 81, isLoopback: false },
      { address: "[::1]", port: 82, isLoopback: true },
      { address: "127.0.0.1", port: 83, isLoopback: true },
      { address: "[fe80::5054:ff:feff:a2b6]", port: 84, isLoopback: false },
    ]);
  });

  it("are those that wait for connections, not connections", async () => {
    await using folder = await net([socketRow("0100007F:1F90", "01")]);
    expect(await listenersOf(folder.path)).toEqual([]);
  });

  it("of a machine without IPv6 are those of IPv4; a table that cannot be read is told", async () => {
    await using folder = await net([socketRow("0100007F:1F90")]);
    expect(await listenersOf(folder.path)).toHaveLength(1);
    mkdirSync(join(folder.path, "net/tcp6"));
    await expect(listenersOf(folder.path)).rejects.toThrow(/net\/tcp6 cannot be read \(EISDIR\)/);
  });

  it("declared by a shortened address of IPv6 are found", async () => {
    await using folder = await net([], {
      "net/tcp6": socketRow(`000080FE00000000FF005450B6A2FFFE:1F90`),
    });
    const it_ = {
      kind: "http",
      url: "http://127.0.0.1:1",
      listeners: ["[fe80:0::5054:ff:feff:a2b6]:8080"],
    };
    const { words } = await runStackPlan({ procRoot: folder.path, services: { it: it_ } });
    expect(words["it.listeners"]).toBe("passed");
  });
});

describe("a declared volume [R1-11]", () => {
  const mountinfo = (row: string): string => `1 0 0:1 / / rw - ext4 /dev/sda rw\n${row}\n`;
  const read = async (row: string) => {
    await using folder = await makeFolder({ "77/mountinfo": mountinfo(row) });
    return await mountUnder(folder.path, 77, "/data/models");
  };

  it("lies on the deepest mount above it, the later one of two", async () => {
    const rows = [
      "2 1 8:1 / /data rw - xfs /dev/sdb rw",
      "3 1 8:2 / /data/mod rw - tmpfs none rw",
      "4 1 8:3 / /data rw - btrfs /dev/sdc rw",
    ];
    expect(await read(rows.join("\n"))).toMatchObject({ folder: "/data", fileSystem: "btrfs" });
  });

  it.each([
    ["is read-only by its mount", "2 1 8:1 / /data ro,relatime - ext4 /dev/sdb rw", true],
    [
      "is read-only since its disk failed",
      "2 1 8:1 / /data rw,relatime - ext4 /dev/sdb ro,errors=remount-ro",
      true,
    ],
    ["can be written", "2 1 8:1 / /data rw,relatime shared:7 - ext4 /dev/sdb rw", false],
  ])("%s", async (_, row, isReadOnly) => {
    expect((await read(row)).isReadOnly).toBe(isReadOnly);
  });

  it.each(["overlay", "tmpfs", "fuse.fuse-overlayfs"])(
    "on %s ends with its container",
    async (kind) => {
      const { words, evidence } = await againstTwin(startPartsTwin, [
        { when: "mountinfo", reply: kind },
      ]);
      expect(words["it.mounts"]).toBe("failed false");
      expect(evidence).toContain("which ends with it");
    },
  );

  it("on a disk that went read-only is a failure", async () => {
    const rules = [{ when: "mountinfo", reply: "ext4 /dev/sdb ro\n9 9 9:9 / /other rw - ext4" }];
    const { words, evidence } = await againstTwin(startPartsTwin, rules);
    expect(words["it.mounts"]).toBe("failed false");
    expect(evidence).toContain("read-only");
  });
});

describe("memory of processes", () => {
  it("is that of each for itself, and the largest share once; an ended one counts nothing", async () => {
    await using folder = await makeFolder({
      "1/status": "PPid:\t0\nRssAnon:\t100 kB\nRssFile:\t30 kB\nRssShmem:\t20 kB\n",
      "2/status": "PPid:\t1\nRssAnon:\t10 kB\nRssFile:\t40 kB\nRssShmem:\t0 kB\n",
      "3/status": "PPid:\t2\nVmRSS:\t7 kB\n",
      "9/status": "PPid:\t8\nVmRSS:\t7000 kB\n",
    });
    const all = await withChildren(folder.path, [1]);
    expect(all.toSorted()).toEqual([1, 2, 3]);
    expect(await memoryOf(folder.path, [...all, 4])).toBe((100 + 10 + 7 + 50) * 1_024);
  });

  it("of a family that leads round ends", async () => {
    await using folder = await makeFolder({ "1/status": "PPid:\t2\n", "2/status": "PPid:\t1\n" });
    expect((await withChildren(folder.path, [1])).toSorted()).toEqual([1, 2]);
  });
});

describe("a process that is watched [R1-28]", () => {
  const status = "Name:\tapp\nVmHWM:\t 9 kB\nVmRSS:\t 8 kB\nThreads:\t4\n";
  const stat = `88 (an) odd (name)) S ${Array.from({ length: 40 }, (_, at) => at).join(" ")}\n`;

  it("is read whatever its name holds", async () => {
    await using folder = await makeFolder({ "88/status": status, "88/stat": stat, "88/fd/0": "" });
    expect(await sampleProcess(folder.path, 88)).toEqual({
      rssBytes: 8_192,
      peakBytes: 9_216,
      cpuSeconds: (10 + 11) / 100,
      threads: 4,
      openFiles: 1,
    });
  });

  it.each([
    ["tells of no memory, as one that ended does", "Name:\tapp\nState:\tZ (zombie)\n", stat],
    ["tells of no time", status, "88 (an) S 1 2\n"],
  ])("that %s is a fault, never within its limits", async (_, lines, times) => {
    await using folder = await makeFolder({ "88/status": lines, "88/stat": times, "88/fd/0": "" });
    const it_ = {
      kind: "resources",
      pid: 88,
      windowMs: 100,
      procRoot: folder.path,
      cpuRatioMax: 1,
    };
    const { words, evidence } = await runStackPlan({ services: { it: it_ } });
    expect(words["it.usage"]).toBe("failed false");
    expect(evidence).toContain("tells of no");
    expect(evidence).not.toContain("NaN");
  });

  const others = async (more: object): Promise<StackResult> => {
    await using folder: Folder = await makeFolder({ "88/status": status, "88/stat": stat });
    const it_ = { kind: "resources", pid: 88, windowMs: 100, procRoot: folder.path, ...more };
    return await runStackPlan({ services: { it: it_ } });
  };

  it("whose files nobody may list has no figure for them, and a limit of them is not passed", async () => {
    const { words, sentences } = await others({ openFilesMax: 100 });
    expect(words["it.usage"]).toBe("not_tested capability_missing");
    expect(sentences["it.usage"]).toContain("open files of 88");
    const without = await others({});
    expect(without.words["it.usage"]).toBe("passed");
  });
});

describe("a load on a process that is watched", () => {
  async function loaded(url: string): Promise<StackResult> {
    await using twin = await startResourcesTwin([]);
    const it_ = { ...twin.service, cpuRatioMax: undefined, load: { url, concurrency: 1 } };
    return await runStackPlan({ timeoutMs: 60_000, services: { it: it_ } });
  }

  it("that nobody takes is a failure of the check, and breaks nothing else", async () => {
    const { words, sentences } = await loaded(`http://127.0.0.1:${await freePort()}/`);
    expect(words["it.usage"]).toBe("failed false");
    expect(sentences["it.usage"]).toContain("refused the connection");
  });

  it.each([404, 500])("that is answered with %i is no load", async (code) => {
    await using stub = await startWebStub(
      [],
      [{ when: "GET /", answer: { status: code, reply: "" } }],
    );
    const { words, evidence } = await loaded(`${stub.url}/`);
    expect(words["it.usage"]).toBe("failed false");
    expect(
      evidence
        .split("\n")
        .filter((l) => l.includes("during"))
        .join("\n"),
    ).toContain("more than one request in ten failed");
  });
});

describe("connections held at once", () => {
  async function held(serve: (socket: Socket, open: number) => void, connections = 8) {
    const open = new Set<Socket>();
    await using door = await listening(
      createServer((socket) => {
        open.add(socket);
        socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
        socket.once("data", () => serve(socket, open.size));
      }),
    );
    const it_ = { kind: "mlflow", url: `http://127.0.0.1:${door.port}`, limits: { connections } };
    const { words, sentences } = await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } });
    return { word: words["it.held_connections"], said: sentences["it.held_connections"] };
  }
  const ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

  it("are passed where each is answered and stays", async () => {
    expect((await held((socket) => void socket.write(ok))).word).toBe("passed");
  });

  it("are not held where each is closed behind its answer", async () => {
    const { word, said } = await held((socket) => void socket.end(ok));
    expect(word).toBe("failed false");
    expect(said).toContain("closed");
  });

  it.each(["429 Too Many Requests", "503 Service Unavailable"])(
    "are refused by %s",
    async (line) => {
      const refuses = `HTTP/1.1 ${line}\r\ncontent-length: 0\r\n\r\n`;
      const { word, said } = await held(
        (socket, open) => void socket.write(open <= 4 ? ok : refuses),
      );
      expect(word).toBe("failed false");
      expect(said).toContain(`4 of 8 connections were answered while all were held; then`);
      expect(said).toContain(line);
    },
  );
});

describe.skipIf(process.getuid?.() === 0)("a procfs this user may not read", () => {
  it("is told by its code", async () => {
    await using folder = await net([]);
    chmodSync(join(folder.path, "net/tcp"), 0o000);
    await expect(listenersOf(folder.path)).rejects.toThrow(/cannot be read \(EACCES\)/);
  });
});
