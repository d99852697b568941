import { cpSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyDir, type Ended, runCli as run, runDirOf } from "../integration/cli-process.ts";
import { soleVerdict, skipUnlessReady } from "../integration/readiness.ts";

describe("loadline", () => {
  it("up --once serves, validates itself, leaves a bundle that verify agrees with, and names the first bad record of a tampered copy", async (context) => {
    const cwd = emptyDir();
    const up = await run(cwd, ["up", "--once", "--port", "0"]);
    expect(up.err).toMatch(/serving http:\/\/127\.0\.0\.1:\d+ after \d+ ms/);
    const verdict = soleVerdict(cwd);
    expect(up.out).toMatch(new RegExp(`^${verdict.outcome} +exit ${verdict.exitCode}`));
    expect(up.code).toBe(verdict.exitCode);
    // Nothing serves any more, so no line says how to ask it.
    expect(up.out).not.toContain("curl ");
    const key = readFileSync(join(cwd, ".loadline", "local.key"), "utf8").trim();
    expect(statSync(join(cwd, ".loadline", "local.key")).mode & 0o777).toBe(0o600);
    expect(up.out + up.err).not.toContain(key);

    expect((await run(cwd, ["verify", ".loadline/runs/latest"])).code).toBe(0);
    const copy = join(emptyDir(), "copy");
    cpSync(runDirOf(cwd), copy, { recursive: true });
    expect((await run(cwd, ["verify", copy])).code).toBe(0);
    const lines = readFileSync(join(copy, "evidence.jsonl"), "utf8").split("\n");
    lines[3] = (lines[3] ?? "").replace(
      /"mono":(\d)/,
      (_all, digit) => `"mono":${digit === "9" ? 8 : 9}`,
    );
    writeFileSync(join(copy, "evidence.jsonl"), lines.join("\n"));
    const tampered = await run(cwd, ["verify", copy]);
    expect(tampered.code).toBe(1);
    expect(tampered.out).toContain("first bad record: 3");
    skipUnlessReady(context, verdict);
  });

  it("Ctrl-C ends a validation with 130 and a bundle of what was seen", async () => {
    const cwd = emptyDir();
    let isSent = false;
    const argv = ["validate", "--target", "http://127.0.0.1:9"];
    const ended = await run(cwd, argv, {
      onErr: (text, kill) => {
        if (isSent || !text.includes("stage=load state=running")) return;
        isSent = true;
        kill("SIGINT");
      },
    });
    expect(ended.code).toBe(130);
    expect(ended.err).toContain("stopping");
    expect((await run(cwd, ["verify", ".loadline/runs/latest"])).code).toBe(0);
  });

  it("SIGTERM drains serve, exit 0; a second process in its state directory is refused by name", async () => {
    const cwd = emptyDir();
    let second: Promise<Ended> | undefined;
    const first = await run(cwd, ["serve", "--port", "0"], {
      onErr: (text, kill) => {
        if (second !== undefined || !text.includes("serving http://")) return;
        second = run(cwd, ["serve", "--port", "0"]).finally(() => kill("SIGTERM"));
      },
    });
    expect(first.code).toBe(0);
    const refused = await second;
    expect(refused?.err).toContain("LL_STATE_LOCKED");
    expect(refused?.code).toBe(78);
  });

  it("a configuration with an unknown key exits 78 and names key, line and the nearest right one", async () => {
    const cwd = emptyDir();
    writeFileSync(join(cwd, "loadline.yaml"), "listen:\n  prt: 8081\n");
    const ended = await run(cwd, ["config", "check", "--config", "loadline.yaml"]);
    expect(ended.code).toBe(78);
    expect(ended.err).toMatch(/LL_CONFIG_UNKNOWN_KEY .*prt.*"port".*:2/);
  });
});
