import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  flagsFor,
  refitOf,
  restartOf,
  roomyFlags,
  servingFlags,
  type Started,
  type Waiting,
} from "./heap.ts";

const started = (more: Partial<Started> = {}): Started => ({
  argv: ["/bin/node", "/loadline/main.js", "serve", "--port", "0"],
  execArgv: [],
  env: { PATH: "/bin", GONE: undefined },
  platform: "linux",
  hasChannel: false,
  ...more,
});

describe("a process that serves", () => {
  test("starts itself once more with the flags before the script and its own arguments after", () => {
    const restart = restartOf(started());
    expect(restart?.arguments).toEqual([
      "/bin/node",
      ...servingFlags,
      "/loadline/main.js",
      "serve",
      "--port",
      "0",
    ]);
  });

  test("keeps the environment it was given", () => {
    const allocator = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "32768" };
    expect(restartOf(started())?.environment).toEqual({ PATH: "/bin", ...allocator });
    const own = restartOf(started({ env: { MALLOC_ARENA_MAX: "4" } }));
    expect(own?.environment).toEqual({ ...allocator, MALLOC_ARENA_MAX: "4" });
  });

  test.each([
    ["below the user's home", { HOME: "/home/a" }, "/home/a/.cache/loadline/compile"],
    ["in the user's cache", { HOME: "/a", XDG_CACHE_HOME: "/c" }, "/c/loadline/compile"],
    [
      "below home where the cache is relative",
      { HOME: "/a", XDG_CACHE_HOME: "c" },
      "/a/.cache/loadline/compile",
    ],
    ["where it was told to", { HOME: "/a", NODE_COMPILE_CACHE: "/d" }, "/d"],
    ["nowhere without a home", {}, undefined],
  ] as const)("keeps compiled code %s", (_where, env, folder) => {
    expect(restartOf(started({ env }))?.environment["NODE_COMPILE_CACHE"]).toBe(folder);
  });

  test("keeps the flags it was started with", () => {
    const restart = restartOf(started({ execArgv: ["--enable-source-maps"] }));
    expect(restart?.arguments.slice(1, 3)).toEqual(["--enable-source-maps", servingFlags[0]]);
  });
});

describe("no second start", () => {
  const cases: Record<string, Partial<Started>> = {
    "of one that was started again": { execArgv: [...servingFlags] },
    "over a size of the user's own": { execArgv: ["--max_old_space_size=512"] },
    "over a size in NODE_OPTIONS": {
      env: { NODE_OPTIONS: "--no-warnings --max-old-space-size=512" },
    },
    "on Windows, which cannot": { platform: "win32" },
    "of a child with a channel": { hasChannel: true },
    "of a verb that ends soon": { argv: ["/bin/node", "/loadline/main.js", "verify", "serve"] },
    "without a verb": { argv: ["/bin/node", "/loadline/main.js"] },
  };
  test.each(Object.entries(cases))("%s", (_name, more) => {
    expect(restartOf(started(more))).toBeUndefined();
  });
});

describe("a configuration under which requests wait", () => {
  const waiting: Record<string, Waiting> = {
    "limits in Redis": { stores: { redis: "redis://127.0.0.1:6379" } },
    "Node's own server": { http: { front: "node" } },
    "workers, whose limits their supervisor keeps": { workers: 2 },
  };
  test.each(Object.entries(waiting))("gets a larger young generation: %s", (_what, config) => {
    expect(flagsFor(config)).toEqual(roomyFlags);
    const execArgv = ["--enable-source-maps", ...servingFlags];
    const refit = refitOf(started({ execArgv, env: { A: "b", GONE: undefined } }), config);
    expect(refit?.arguments).toEqual([
      "/bin/node",
      "--enable-source-maps",
      ...roomyFlags,
      "/loadline/main.js",
      "serve",
      "--port",
      "0",
    ]);
    expect(refit?.environment).toEqual({ A: "b" });
  });

  test("differs in the young generation and in nothing else", () => {
    const differing = roomyFlags.filter((flag, i) => flag !== servingFlags[i]);
    expect(differing).toEqual(["--max-semi-space-size=4"]);
    expect(roomyFlags).toHaveLength(servingFlags.length);
  });

  test("any other configuration keeps the small one", () => {
    const plain: Waiting = { stores: { redis: null }, http: { front: "http1" }, workers: 1 };
    for (const config of [{}, plain]) {
      expect(flagsFor(config)).toEqual(servingFlags);
      expect(refitOf(started({ execArgv: [...servingFlags] }), config)).toBeUndefined();
    }
  });

  const config: Waiting = { workers: 2 };
  test.each([
    ["that has its flags already", { execArgv: [...roomyFlags] }],
    ["with sizes of the user's own", { execArgv: ["--max-semi-space-size=2"] }],
    ["without flags of ours", {}],
    ["with a channel", { execArgv: [...servingFlags], hasChannel: true }],
  ] as const)("starts no process once more %s", (_which, more) => {
    expect(refitOf(started(more), config)).toBeUndefined();
  });
});

test("the pinned Node knows every flag, and the young generation keeps to its bound", () => {
  const script = `
    const kept = [];
    for (let i = 0; i < 4e6; i++) kept[i % 50000] = { at: i };
    const heap = require("node:v8").getHeapSpaceStatistics();
    console.log(heap.find((space) => space.space_name === "new_space").space_size);`;
  const run = (flags: readonly string[]): number =>
    Number(execFileSync(process.execPath, [...flags, "-e", script], { encoding: "utf8" }));
  const boundBytes = 24 * 1024 * 1024;
  expect(run(servingFlags)).toBeLessThanOrEqual(boundBytes);
  expect(run(roomyFlags)).toBeLessThanOrEqual(boundBytes);
  expect(run([])).toBeGreaterThan(boundBytes);
});

test("the command serves under the flags, as the same process", () => {
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  const script = `
    const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, [${JSON.stringify(main)}, "serve", "--explain"]);
    const seen = new Set();
    const read = () => {
      try {
        const text = require("node:fs").readFileSync("/proc/" + child.pid + "/cmdline", "utf8");
        if (text.includes("--max-semi-space-size")) seen.add("flags");
      } catch (error) { if (error.code !== "ENOENT" && error.code !== "ESRCH") throw error; }
    };
    const watch = setInterval(read, 1);
    child.on("exit", (code) => { clearInterval(watch); console.log(code, ...seen); });`;
  const out = execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
  expect(out.trim()).toBe("0 flags");
});
