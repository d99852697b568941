import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyDir, type Ended, runCli as run } from "../integration/cli-process.ts";

describe("loadline", () => {
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
