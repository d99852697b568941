import { describe, expect, it } from "vitest";
import { createTestHost } from "../test/test-host.ts";
import { parseArgs } from "./args.ts";
import { formats } from "./reporters.ts";
import { runDepsOf } from "./run-deps.ts";

const options = [{ name: "out", value: "DIR", help: "" }];

describe("what a run is made with", () => {
  it("is the host's clock and chance, every format, and the command as it was typed", async () => {
    const argv = ["load", "plan file.yaml", "--out", "kept"];
    const host = createTestHost(argv, { cwd: "/work" });
    const args = parseArgs(argv.slice(1), options, { name: "PLAN", min: 0, max: 1 });
    const { signal } = new AbortController();
    const deps = await runDepsOf({ host, args, stateDir: "/state" }, signal);
    expect([deps.clock, deps.random, deps.signal]).toEqual([host.clock, host.random, signal]);
    expect(deps.runsDir).toBe("/work/kept");
    expect(deps.reproduce).toEqual(["loadline", ...argv]);
    expect(deps.reporters.length).toBeGreaterThanOrEqual(formats.length);
  });
});
