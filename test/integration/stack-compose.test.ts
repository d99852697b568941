import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPodman, startPodman } from "../../packages/testkit/src/podman/index.ts";
import { claimsOf } from "./stack-claims.ts";

const parts = await requireParts(["podman"], { rows: ["R4-32"] });
const clock = systemClock();
const services = ["db", "cache", "files", "mlflow", "api", "web", "migrate"];

/** Containers as compose makes them: by their labels, of a real engine. */
describe.skipIf(parts.missing)("a compose project of a real engine", () => {
  let engine: RunningPodman;
  beforeAll(async () => {
    engine = await startPodman(parts.found("podman").path);
  }, 60_000);
  afterAll(() => engine[Symbol.asyncDispose](), 60_000);

  const nameOf = (project: string, service: string): string => `${project}-${service}-1`;

  async function start(project: string, service: string, says: string): Promise<void> {
    const labels = { project, service, oneoff: "False", "container-number": "1" };
    const words = Object.entries(labels).flatMap(([key, value]) => [
      "--label",
      `com.docker.compose.${key}=${value}`,
    ]);
    const isDone = service === "migrate";
    const health = isDone ? [] : ["--health-cmd", "/bin/test -e /tmp", "--health-interval=disable"];
    const then = isDone ? "" : "; exec /bin/sleep 600";
    const name = nameOf(project, service);
    const run = ["run", "-d", "--network=none", "--name", name, ...words, ...health, engine.image];
    await engine.ask(...run, "/bin/sh", "-c", `echo '${says}'${then}`);
    if (!isDone) await engine.ask("healthcheck", "run", name);
  }

  const look = (project: string): Promise<Record<string, string>> =>
    claimsOf(
      { kind: "compose", engine: engine.path, project, services, completed: ["migrate"] },
      { timeoutMs: 40_000 },
    );

  it("in order passes whole, 7 of 7; a stopped service and an error in a log turn their own check red [R4-32]", async () => {
    for (const service of services) await start("shop", service, "started");
    const ended = async (): Promise<boolean> =>
      (await engine.ask("inspect", "--format", "{{.State.Status}}", nameOf("shop", "migrate"))) ===
      "exited";
    await eventually(clock, ended, 20_000);
    const said = await look("shop");
    expect(said["healthy"]).toMatch(/^passed/);
    expect(said["logs"]).toMatch(/^passed/);
    await engine.ask("rm", "--force", "--time", "0", nameOf("shop", "cache"));
    await start("shop", "cache", "FATAL: disk 7 full");
    const loud = await look("shop");
    expect(loud["healthy"]).toMatch(/^passed/);
    expect(loud["logs"]).toMatch(/^failed false: .*FATAL: disk # full/);
    await engine.ask("stop", "--time", "0", nameOf("shop", "web"));
    expect((await look("shop"))["healthy"]).toMatch(/^failed false: .*shop-web-1 is exited/);
  }, 180_000);

  it("that nobody started has no container of any service", async () => {
    expect((await look("other"))["healthy"]).toMatch(/^failed false: .*no container/);
  }, 60_000);
});
