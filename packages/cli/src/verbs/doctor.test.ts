import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type AddressInfo, createServer, type Server } from "node:net";
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

  describe("of a plan", () => {
    /** A server on a free port, and that port once it is closed. */
    async function ports(): Promise<{ open: number; closed: number } & AsyncDisposable> {
      const [open, closed] = [createServer(), createServer()];
      const portOf = async (server: Server): Promise<number> => {
        await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
        return (server.address() as AddressInfo).port;
      };
      const found = { open: await portOf(open), closed: await portOf(closed) };
      const end = (server: Server) => new Promise((resolve) => server.close(resolve));
      await end(closed);
      return { ...found, [Symbol.asyncDispose]: async () => void (await end(open)) };
    }

    it("each endpoint is told as it is, with host and port alone", async () => {
      await using port = await ports();
      const plan = join(cwd, "plan.yaml");
      writeFileSync(
        plan,
        [
          `target: { url: "http://127.0.0.1:${port.open}/v1", apiKeyEnv: DOCTOR_KEY }`,
          "stack:",
          "  services:",
          `    cache: { kind: redis, url: "redis://127.0.0.1:${port.closed}" }`,
          `    names: { kind: dns, url: "dns://127.0.0.1:${port.open}", names: [{ name: a.test }] }`,
          '    door: { kind: tls, url: "tls://127.0.0.1" }',
          '    odd: { kind: redis, url: "redis://a%20b:6379" }',
        ].join("\n"),
      );
      const { exit, out, err } = await doctor(`--plan ${plan}`, { PATH: "", DOCTOR_KEY: "hush" });
      expect([exit, err]).toEqual([0, ""]);
      expect(out).toMatch(new RegExp(`^\\+ target +127.0.0.1:${port.open} listens$`, "m"));
      expect(out).toMatch(
        new RegExp(`^o service cache +127.0.0.1:${port.closed} does not listen$`, "m"),
      );
      expect(out).toMatch(/^o service names +127.0.0.1: not looked at, it names no TCP port$/m);
      expect(out).toMatch(/^. service door +127.0.0.1:443 /m);
      expect(out).toMatch(/^o service odd +a%20b:6379 does not listen$/m);
      expect(out).toMatch(/^\+ api key +DOCTOR_KEY is set$/m);
      expect(out).not.toContain("hush");
      expect(out).not.toMatch(/^. gateway/m);
    });

    it("what would become not tested is named with its stage, and a key that is not set", async () => {
      await using port = await ports();
      const target = `--target http://127.0.0.1:${port.closed} --api-key-env DOCTOR_KEY`;
      const full = (await doctor(`${target} --profile full`)).out;
      expect(full).toMatch(/^o api key +DOCTOR_KEY is not set: the run is refused$/m);
      expect(full).toMatch(
        /^o claim +\S+: stage chaos is left out or not in this build: not_tested$/m,
      );
      const quick = (await doctor(target)).out;
      expect(quick).not.toMatch(/^o claim/m);
      const skipped = (await doctor(`${target} --skip load`)).out;
      expect(skipped).toMatch(/^o claim +load\.\S+: stage load is left out/m);
    });

    it("a plan that cannot be read is refused as every verb refuses it", async () => {
      const { exit, out, err } = await doctor("--plan gone.yaml");
      expect([exit, out]).toEqual([78, ""]);
      expect(err).toMatch(/^LL_PLAN_/);
      expect((await doctor("--plan a --target http://b")).exit).toBe(64);
    });
  });

  it("marks are not coloured off a terminal, and coloured on one", async () => {
    expect((await doctor()).out).not.toContain("\u001b");
    const seen = await runLine("doctor", { cwd, isTty: true, clock: systemClock() });
    expect(seen.out).toContain("\u001b[32m+\u001b[0m node");
  });
});
