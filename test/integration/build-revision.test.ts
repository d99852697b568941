import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPodman, startPodman } from "../../packages/testkit/src/podman/index.ts";
import { builtFrom } from "../../packages/cli/src/built-from.ts";
import { repositoryRoot } from "../architecture/tree.ts";
import { emptyDir } from "./cli-process.ts";
import { claimsOf } from "./stack-claims.ts";

const parts = await requireParts(["podman"], { rows: ["R1-07"] });
const label = "org.opencontainers.image.revision";

/** `loadline serve` in a process of its own, as a user starts it. */
async function serve(): Promise<{ url: string } & AsyncDisposable> {
  const main = join(repositoryRoot, "packages/cli/src/main.ts");
  const argv = [main, "serve", "--port", "0", "--json"];
  const child = spawn(process.execPath, argv, {
    cwd: emptyDir(),
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  const first = await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended]);
  const { url } = JSON.parse(String(first[0])) as { url: string };
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

describe.skipIf(parts.missing)("the build that answers and the image it is said to be", () => {
  let engine: RunningPodman;
  let gateway: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    engine = await startPodman(parts.found("podman").path);
    gateway = await serve();
  }, 120_000);
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  }, 60_000);

  /** A container of an image with these labels, and what the check of its revision says. */
  async function revisionOf(name: string, labels: readonly string[]): Promise<string> {
    const image = `localhost/labelled:${name}`;
    const sleep = ["--network", "none", engine.image, "/bin/sleep", "600"];
    await engine.ask("create", "--name", `bare-${name}`, ...sleep);
    const changes = labels.flatMap((one) => ["--change", `LABEL ${one}`]);
    await engine.ask("commit", ...changes, `bare-${name}`, image);
    // A label of the container alone says nothing of what is in its image.
    const own = ["--label", `${label}=${builtFrom() ?? ""}`, "--network", "none"];
    await engine.ask("run", "-d", "--name", name, ...own, image, "/bin/sleep", "600");
    const service = { kind: "container", engine: engine.path, container: name };
    const more = { commitAt: `${gateway.url}/`, required: false };
    return (await claimsOf({ ...service, ...more }, { timeoutMs: 40_000 }))["revision"] ?? "";
  }

  it("the root of a served gateway tells the commit it was started from, as /health does; an image labelled with it passes, one with another or none fails [R1-07]", async () => {
    const commit = builtFrom();
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    const root: unknown = await (await fetch(`${gateway.url}/`)).json();
    const health: unknown = await (await fetch(`${gateway.url}/health`)).json();
    expect(root).toMatchObject({ name: "loadline", commit, apiVersions: ["v1"] });
    const { version } = root as { version: string };
    expect(health).toMatchObject({ commit, version });
    expect(await revisionOf("right", [`${label}=${commit}`])).toMatch(/^passed/);
    const other = "0".repeat(40);
    expect(await revisionOf("other", [`${label}=${other}`])).toMatch(
      new RegExp(`^failed false: .*revision ${other}; .* tells commit ${commit}`),
    );
    expect(await revisionOf("none", ["a=b"])).toMatch(/^failed false: .*labelled with no revision/);
  }, 180_000);
});
