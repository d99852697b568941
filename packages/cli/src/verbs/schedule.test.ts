import { describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { runCli } from "../run.ts";

async function run(...argv: string[]): Promise<{ out: string; err: string; code: number }> {
  const host = createTestHost(["schedule", ...argv], { cwd: "/srv/app" });
  const code = await runCli(host);
  return { out: host.out(), err: host.err(), code };
}

describe("schedule", () => {
  it("a crontab line locks, ends a run that hangs, and names the plan by its whole path", async () => {
    const { out, code } = await run("cron", "--plan", "plan.yaml");
    expect(code).toBe(0);
    expect(out).toBe(
      "17 3 * * * flock -n /srv/app/.loadline/schedule.lock timeout 20m loadline validate " +
        "--plan /srv/app/plan.yaml --profile quick --state /srv/app/.loadline\n",
    );
  });

  it("a path with a blank stays one word, one with a per cent is refused for a crontab", async () => {
    expect((await run("cron", "--plan", "my plan.yaml")).out).toContain("'/srv/app/my plan.yaml'");
    const { err, code } = await run("cron", "--plan", "100%.yaml");
    expect([code, err.includes("LL_CLI_VALUE")]).toEqual([64, true]);
    expect((await run("systemd", "--plan", "100%.yaml")).out).toContain("/srv/app/100%%.yaml");
  });

  it("a systemd timer comes with its service, a limit of time and the profile asked for", async () => {
    const more = ["--every", "weekly", "--profile", "full"];
    const { out } = await run("systemd", "--plan", "plan.yaml", ...more);
    expect(out).toContain("OnCalendar=Mon *-*-* 03:17:00");
    expect(out).toContain("TimeoutStartSec=90min");
    expect(out).toContain("--profile full");
  });

  it("a CronJob never runs twice at once nor as root", async () => {
    const { out } = await run("cronjob", "--plan", "p", "--every", "hourly", "--image", "reg/ll:1");
    for (const line of [
      "kind: CronJob",
      '  schedule: "17 * * * *"',
      "  concurrencyPolicy: Forbid",
      "      backoffLimit: 0",
      "      activeDeadlineSeconds: 1200",
      "            runAsNonRoot: true",
    ]) {
      expect(out.split("\n")).toContain(line);
    }
    expect(out).toContain('image: "reg/ll:1"');
  });

  it("without a plan nothing is printed", async () => {
    const { out, code } = await run("cron");
    expect([out, code]).toEqual(["", 64]);
  });
});
