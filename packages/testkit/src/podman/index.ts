import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** An engine of its own: its images and containers are none of the machine's. */
export interface RunningPodman extends AsyncDisposable {
  /** A command that speaks to this engine and takes podman's words. */
  readonly path: string;
  /** Name of an image that holds busybox as /bin/sh and its friends. */
  readonly image: string;
  /** What podman prints; rejects with its words. */
  ask(...words: readonly string[]): Promise<string>;
}

const run = promisify(execFile);
const commandMsMax = 60_000;
const tools = ["sh", "sleep", "test", "rm", "cat"];

/** Starts nothing yet: makes the engine's folders, its command and the one image. */
export async function startPodman(podman: string): Promise<RunningPodman> {
  const dir = mkdtempSync(join(tmpdir(), "ll-podman-"));
  // Its own words for limits, cgroups and events: there may be no systemd, and no room to raise one.
  const engine = [
    "[containers]",
    'default_ulimits = ["nofile=1024:1024", "nproc=512:512"]',
    "[engine]",
    'runtime = "runc"',
    'cgroup_manager = "cgroupfs"',
    'events_logger = "file"',
  ];
  const storage = [
    "[storage]",
    'driver = "vfs"',
    `graphroot = "${join(dir, "storage")}"`,
    `runroot = "${join(dir, "run")}"`,
  ];
  writeFileSync(join(dir, "containers.conf"), `${engine.join("\n")}\n`);
  writeFileSync(join(dir, "storage.conf"), `${storage.join("\n")}\n`);
  const path = join(dir, "podman");
  const env = `CONTAINERS_CONF=${dir}/containers.conf CONTAINERS_STORAGE_CONF=${dir}/storage.conf`;
  writeFileSync(path, `#!/bin/sh\nexec env ${env} ${podman} "$@"\n`, { mode: 0o755 });
  const ask = async (...words: readonly string[]): Promise<string> => {
    const { stdout } = await run(path, [...words], { timeout: commandMsMax });
    return stdout.trim();
  };
  const image = "localhost/busybox:test";
  const root = join(dir, "root");
  const archive = join(dir, "root.tar");
  for (const folder of ["bin", "data", "tmp"]) mkdirSync(join(root, folder), { recursive: true });
  await run("cp", ["/bin/busybox", join(root, "bin", "busybox")]);
  for (const tool of tools) await run("ln", ["-s", "busybox", join(root, "bin", tool)]);
  await run("chmod", ["777", join(root, "data")]);
  await run("tar", ["-C", root, "-cf", archive, "."]);
  await ask("import", archive, image);
  return {
    path,
    image,
    ask,
    async [Symbol.asyncDispose]() {
      await ask("rm", "--all", "--force", "--time", "0");
      await ask("volume", "prune", "--force");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
