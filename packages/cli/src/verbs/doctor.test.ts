import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createServer } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyDir } from "../../test/bundles.ts";
import { type Ended, runLine } from "../../test/run-line.ts";

let cwd = "";
beforeEach(() => void (cwd = emptyDir()));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

interface Finding {
  readonly id: string;
  readonly found: boolean;
  readonly required: boolean;
  readonly detail: string;
}

const doctor = (line = "", env: Record<string, string> = {}): Promise<Ended> =>
  runLine(`doctor ${line}`.trim(), { cwd, env, clock: systemClock() });

async function findings(env: Record<string, string>): Promise<Map<string, Finding>> {
  const { out } = await doctor("--json", env);
  const { findings: list } = JSON.parse(out) as { findings: Finding[] };
  return new Map(list.map((one) => [one.id, one]));
}

/** A program of this name in a folder for PATH. */
function tool(name: string, mode = 0o755): string {
  const dir = join(cwd, `bin-${name}-${mode}`);
  mkdirSync(dir);
  writeFileSync(join(dir, name), "#!/bin/sh\n");
  chmodSync(join(dir, name), mode);
  return dir;
}

describe("doctor", () => {
  it("every required part of this checkout is there: exit 0, and ok says the same", async () => {
    const { exit, out, err } = await doctor("--json");
    const { ok } = JSON.parse(out) as { ok: boolean };
    expect([exit, ok, err]).toEqual([0, true, ""]);
  });

  it("a tool is found where PATH has it first, with its path", async () => {
    const [one, two] = [tool("k6"), tool("wrk")];
    const found = await findings({ PATH: [join(cwd, "gone"), one, two].join(delimiter) });
    expect(found.get("k6")).toMatchObject({ found: true, detail: join(one, "k6") });
    expect(found.get("wrk")).toMatchObject({ found: true, detail: join(two, "wrk") });
    expect(found.get("locust")?.found).toBe(false);
  });

  it("each of several names of a tool counts", async () => {
    const dir = tool("google-chrome");
    expect((await findings({ PATH: dir })).get("chromium")?.detail).toBe(
      join(dir, "google-chrome"),
    );
  });

  it("a folder of that name is no tool, nor is a file nobody may run", async () => {
    mkdirSync(join(cwd, "docker"));
    const found = await findings({ PATH: [cwd, tool("podman", 0o644)].join(delimiter) });
    expect(found.get("docker")?.found).toBe(false);
    expect(found.get("podman")?.found).toBe(false);
  });

  it("an empty PATH entry is not the current folder", async () => {
    expect((await findings({ PATH: `${delimiter}${delimiter}` })).get("wrk")?.found).toBe(false);
  });

  it("a missing tool costs what it would have shown, which is named, and no exit code", async () => {
    const { exit, out } = await doctor("", { PATH: "" });
    expect(exit).toBe(0);
    expect(out).toMatch(/^o k6 +missing: load figures beside those of k6 become not tested$/m);
    expect(out).not.toMatch(/^\+ (k6|wrk|locust) /m);
  });

  it("values of the environment are never printed", async () => {
    const { out } = await doctor("", { PATH: "", LOADLINE_API_KEY: "ll_local_secret_value" });
    expect(out).not.toContain("secret");
  });

  it("the gateway's port is told as it is, by a connection and not by its name", async () => {
    const server = createServer();
    const isOurs = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen({ port: 8080, host: "127.0.0.1" }, () => resolve(true));
    });
    expect((await findings({})).get("gateway")).toMatchObject({ found: true, required: false });
    if (isOurs) await new Promise((resolve) => server.close(resolve));
  });

  it("marks are not coloured off a terminal, and coloured on one", async () => {
    expect((await doctor()).out).not.toContain("\u001b");
    const seen = await runLine("doctor", { cwd, isTty: true, clock: systemClock() });
    expect(seen.out).toContain("\u001b[32m+\u001b[0m node");
  });
});
