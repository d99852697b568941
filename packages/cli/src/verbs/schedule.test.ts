import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { runCli } from "../run.ts";

const run = (...argv: string[]): Promise<Ended> => runIn("/srv/app", ...argv);

interface Ended {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

async function runIn(cwd: string, ...argv: string[]): Promise<Ended> {
  const host = createTestHost(["schedule", ...argv], { cwd });
  const code = await runCli(host);
  return { out: host.out(), err: host.err(), code };
}

describe("schedule", () => {
  it("a crontab line locks, ends a run that hangs, and names the plan by its whole path", async () => {
    const { out, code } = await run("cron", "--plan", "plan.yaml");
    expect(code).toBe(0);
    expect(out).toBe(
      "17 3 * * * cd /srv/app && mkdir -p /srv/app/.loadline && flock -n /srv/app/.loadline/schedule.lock timeout 20m loadline validate " +
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
    expect(out).toContain("WorkingDirectory=/srv/app\n");
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

  it.each([
    ["hourly", "17 * * * *", "*-*-* *:17:00"],
    ["daily", "17 3 * * *", "*-*-* 03:17:00"],
    ["weekly", "17 3 * * 1", "Mon *-*-* 03:17:00"],
    ["monthly", "17 3 1 * *", "*-*-01 03:17:00"],
    ["quarterly", "17 3 1 1,4,7,10 *", "*-01,04,07,10-01 03:17:00"],
  ])("%s is said in the words of each scheduler", async (every, cron, calendar) => {
    const of = async (form: string) => (await run(form, "--plan", "p", "--every", every)).out;
    expect((await of("cron")).startsWith(`${cron} cd /srv/app && `)).toBe(true);
    expect(await of("systemd")).toContain(`OnCalendar=${calendar}\n`);
    expect(await of("cronjob")).toContain(`  schedule: "${cron}"\n`);
  });

  it("without a plan nothing is printed", async () => {
    const { out, code } = await run("cron");
    expect([out, code]).toEqual(["", 64]);
  });
});

describe("schedule of a plan that is there", () => {
  const cwd = mkdtempSync(join(tmpdir(), "loadline-schedule-"));
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));
  const full = 'profile: full\ntarget: { url: "http://127.0.0.1:9/v1" }\n\n# a "comment"\n';
  const withPlan = (text: string, ...argv: string[]): Promise<Ended> => {
    writeFileSync(join(cwd, "plan.yaml"), text);
    return runIn(cwd, ...argv, "--plan", "plan.yaml");
  };

  it("takes profile and limit of time from it, unless the command says otherwise", async () => {
    const own = await withPlan(full, "cron");
    expect(own.out).toMatch(/timeout 90m loadline validate .* --profile full /);
    expect((await withPlan(full, "cron", "--profile", "quick")).out).toMatch(
      /timeout 20m .* --profile quick /,
    );
    const long = await withPlan(`${full}budgetMinutes: 200\n`, "systemd");
    expect(long.out).toContain("TimeoutStartSec=300min");
  });

  it("gives a cluster the plan itself, byte for byte, with room for the state", async () => {
    const awkward = `${full}# tab\tand: |2 {{ ]\n    # deep`;
    const { out } = await withPlan(awkward, "cronjob");
    expect([...out.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind)).toEqual([
      "ConfigMap",
      "PersistentVolumeClaim",
      "CronJob",
    ]);
    const [, block = ""] = /^ {2}plan\.yaml: \|2\n([\s\S]*?)\n---\n/m.exec(out) ?? [];
    expect(block.replaceAll(/^ {4}/gm, "")).toBe(awkward);
    // What no block holds is a text in quotes.
    const face = `${full}# \u{1f600}\n`;
    const quoted = /^ {2}plan\.yaml: (".*")$/m.exec((await withPlan(face, "cronjob")).out)?.[1];
    expect(JSON.parse(quoted ?? "null")).toBe(face);
  });

  it("names what is wrong with it, and prints nothing", async () => {
    const { out, err, code } = await withPlan("profle: full\n", "cron");
    expect([out, code]).toEqual(["", 78]);
    expect(err).toMatch(/profle.*profile/s);
  });
});
