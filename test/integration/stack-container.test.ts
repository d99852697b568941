import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPodman, startPodman } from "../../packages/testkit/src/podman/index.ts";
import { claimsOf } from "./stack-claims.ts";

const parts = await requireParts(["podman"], { rows: ["R1-11"] });
const clock = systemClock();

/** How a container is run that is in order. */
const sound = {
  network: "none",
  user: "10001",
  "cap-drop": "ALL",
  "read-only": "true",
  memory: "64m",
  "pids-limit": "64",
};

const flags = (given: Readonly<Record<string, string>>): string[] =>
  Object.entries(given).map(([name, value]) => `--${name}=${value}`);

describe.skipIf(parts.missing)("containers of a real engine", () => {
  let engine: RunningPodman;
  let count = 0;
  beforeAll(async () => {
    engine = await startPodman(parts.found("podman").path);
  }, 60_000);
  afterAll(() => engine[Symbol.asyncDispose](), 60_000);

  /** A container that does nothing for a while. */
  async function start(given: Readonly<Record<string, string>>): Promise<string> {
    const name = `c${++count}`;
    const words = [...flags({ ...sound, ...given }), engine.image, "/bin/sleep", "600"];
    await engine.ask("run", "-d", "--name", name, ...words);
    return name;
  }

  // Its one process ends when it is killed alone: a restart takes the engine's grace of 10 s.
  const look = (container: string, more: object = {}): Promise<Record<string, string>> =>
    claimsOf({ kind: "container", engine: engine.path, container, ...more }, { timeoutMs: 40_000 });

  const red = (said: Readonly<Record<string, string>>): string[] =>
    Object.keys(said).filter((id) => !said[id]?.startsWith("passed"));

  it("in order pass, and the marker in a named volume survives the restart of the container [R1-11]", async () => {
    const name = await start({ volume: "kept:/data" });
    const said = await look(name, { volumes: ["/data"], restartable: true });
    expect(said).toMatchObject({ running: expect.stringContaining("it has no health check") });
    expect(red(said)).toEqual([]);
    expect(Object.keys(said)).toEqual(
      expect.arrayContaining(["restarts", "user", "read_only", "limits", "mounts", "volumes"]),
    );
    expect(said["volumes"]).toContain("The marker in /data is there after a restart.");
    expect(await engine.ask("exec", name, "/bin/sh", "-c", "echo /data/.*")).not.toContain(
      "loadline",
    );
  }, 90_000);

  it("each weakness turns its own check red and no other", async () => {
    const weak: readonly (readonly [string, Readonly<Record<string, string>>, object])[] = [
      ["user", { user: "0" }, {}],
      ["user", { privileged: "true" }, {}],
      ["read_only", { "read-only": "false" }, {}],
      ["limits", { memory: "0" }, {}],
      ["limits", {}, { limits: { memoryBytes: 1_048_576 } }],
      ["mounts", {}, { volumes: ["/data"] }],
    ];
    for (const [check, given, more] of weak) {
      const said = await look(await start(given), more);
      // What nobody may restart keeps its volumes untried.
      const open = red(said).filter((id) => !(check === "mounts" && id === "volumes"));
      expect(open, JSON.stringify(given)).toEqual([check]);
      expect(said[check]).toMatch(/^failed false/);
    }
  }, 90_000);

  it("that says unhealthy, that was stopped, and that is not there, does not run", async () => {
    const name = await start({ "health-cmd": "/bin/test -e /data/none" });
    await engine.ask("healthcheck", "run", name).catch(() => undefined);
    await engine.ask("healthcheck", "run", name).catch(() => undefined);
    await engine.ask("healthcheck", "run", name).catch(() => undefined);
    expect((await look(name))["running"]).toMatch(
      /^failed false: It is running; it says unhealthy/,
    );
    await engine.ask("stop", "--time", "0", name);
    const stopped = await look(name);
    expect(stopped["running"]).toMatch(/^failed false: It is exited, exit code 137/);
    expect(stopped["user"]).toMatch(/^not_tested baseline_broken/);
    expect((await look("nobody"))["running"]).toMatch(/^failed/);
  }, 90_000);

  it("whose process is killed is started again by its policy, and that is counted", async () => {
    const name = await start({ restart: "always" });
    const pidOf = async (): Promise<number> =>
      Number(await engine.ask("inspect", "--format", "{{.State.Pid}}", name));
    const first = await pidOf();
    process.kill(first, "SIGKILL");
    await eventually(clock, async () => ![0, first].includes(await pidOf()), 20_000);
    const said = await look(name);
    expect(red(said)).toEqual(["restarts"]);
    expect(said["restarts"]).toMatch(/^failed false: 1 restarts/);
  }, 90_000);
});
