import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyDir } from "../../test/bundles.ts";
import { toolPath } from "./tool-path.ts";

function laid(...names: readonly string[]): string {
  const dir = emptyDir();
  for (const name of names) {
    writeFileSync(join(dir, name), "");
    chmodSync(join(dir, name), 0o755);
  }
  return dir;
}

describe("where a program lies", () => {
  it("is the first of its names, in the order of PATH", () => {
    const [a, b] = [laid("other"), laid("podman", "other")];
    const host = { cwd: "/", env: { PATH: `${a}::${b}` } };
    expect(toolPath(host, ["podman", "other"])).toBe(join(b, "podman"));
    expect(toolPath(host, ["other"])).toBe(join(a, "other"));
    expect(toolPath(host, ["docker"])).toBeUndefined();
    expect(toolPath({ cwd: "/", env: {} }, ["other"])).toBeUndefined();
  });

  it("may be its own path, which PATH does not change", () => {
    const cwd = laid("podman");
    expect(toolPath({ cwd, env: { PATH: "" } }, ["./podman"])).toBe(join(cwd, "podman"));
    expect(toolPath({ cwd: "/", env: { PATH: cwd } }, ["./podman"])).toBeUndefined();
  });

  it("is none where nobody may run it, or where it is a folder", () => {
    const dir = laid("podman");
    chmodSync(join(dir, "podman"), 0o644);
    mkdirSync(join(dir, "docker"));
    const host = { cwd: "/", env: { PATH: dir } };
    expect(toolPath(host, ["podman", "docker"])).toBeUndefined();
  });
});
