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
      "17 3 * * * cd /srv/app && mkdir -p /srv/app/.loadline && " +
        "flock -n /srv/app/.loadline/schedule-daily-quick.lock " +
        "flock -w 21600 /srv/app/.loadline/schedule.lock timeout 20m loadline validate " +
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
    expect(out).toContain("OnCalendar=Mon *-*-* 05:17:00");
    expect(out).toContain("TimeoutStartSec=90min");
    expect(out).toContain("WorkingDirectory=/srv/app\n");
    expect(out).toContain("--profile full");
  });

  it("a CronJob never runs twice at once nor as root", async () => {
    const { out } = await run("cronjob", "--plan", "p", "--every", "hourly", "--image", "reg/ll:1");
    for (const line of [
      "kind: CronJob",
      '  schedule: "47 * * * *"',
      "  concurrencyPolicy: Forbid",
      "      backoffLimit: 0",
      "      activeDeadlineSeconds: 1200",
      "            runAsNonRoot: true",
      "            fsGroup: 65532",
    ]) {
      expect(out.split("\n")).toContain(line);
    }
    expect(out).toContain('image: "reg/ll:1"');
  });

  it.each([
    ["hourly", "47 * * * *", "*-*-* *:47:00"],
    ["daily", "17 3 * * *", "*-*-* 03:17:00"],
    ["weekly", "17 5 * * 1", "Mon *-*-* 05:17:00"],
    ["monthly", "17 23 1 * *", "*-*-01 23:17:00"],
    ["quarterly", "17 21 1 1,4,7,10 *", "*-01,04,07,10-01 21:17:00"],
  ])("%s is said in the words of each scheduler", async (every, cron, calendar) => {
    const of = async (form: string) => (await run(form, "--plan", "p", "--every", every)).out;
    expect((await of("cron")).startsWith(`${cron} cd /srv/app && `)).toBe(true);
    expect(await of("systemd")).toContain(`OnCalendar=${calendar}\n`);
    expect(await of("cronjob")).toContain(`  schedule: "${cron}"\n`);
  });

  it("plans of two rhythms take each other neither the hour nor the lock, and no name twice", async () => {
    const rhythms = ["hourly", "daily", "weekly", "monthly", "quarterly"];
    const every = (form: string) =>
      Promise.all(
        rhythms.map(async (one) => (await run(form, "--plan", `${one}.yaml`, "--every", one)).out),
      );
    const lines = await every("cron");
    const starts = lines.slice(1).map((line) => {
      const [minute, hour] = line.split(" ");
      return Number(hour) * 60 + Number(minute);
    });
    const around = starts.toSorted((a, b) => a - b);
    // A full run of the default budget may take 90 minutes, one that begins late past midnight.
    const gaps = around.map((start, at) => (around[at + 1] ?? (around[0] ?? 0) + 1_440) - start);
    expect(Math.min(...gaps)).toBeGreaterThan(90);
    // Its own lock keeps a line from itself, the common one makes it wait for the others.
    const locks = (option: string) =>
      new Set(lines.map((line) => new RegExp(`flock ${option} (\\S+)`).exec(line)?.[1]));
    expect([locks("-n").size, locks("-w \\d+").size]).toEqual([5, 1]);
    const names = async (form: string, name: RegExp) =>
      new Set((await every(form)).flatMap((text) => text.match(name) ?? []));
    expect((await names("systemd", /^# \/etc.*$/gm)).size).toBe(10);
    expect((await names("cronjob", /name: loadline-(validate|plan)-[a-z-]+/g)).size).toBe(10);
    const full = await run("systemd", "--plan", "p", "--profile", "full");
    expect(full.out).toContain("/loadline-validate-daily-full.timer\n");
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

  it("names the files that its pods lack, and nothing where the plan is all", async () => {
    const token = "${file:keys/rag.token}";
    const service = `{ kind: rag, url: "http://127.0.0.1:9", token: "${token}" }`;
    const more = `stack: { services: { docs: ${service}, more: ${service} } }\nwaivers: waived.yaml\ngates: gates.yaml\n`;
    const slo = 'slo_targets: { availability: { target: 99.5, window: "30 days" } }\n';
    writeFileSync(join(cwd, "slo.yaml"), slo);
    const { err, code } = await withPlan(`${full}${more}slo: slo.yaml\n`, "cronjob");
    expect(code).toBe(0);
    expect(err).toBe(
      "note a pod has /plan/plan.yaml alone; mount what it names there: " +
        "slo.yaml, waived.yaml, gates.yaml, keys/rag.token\n",
    );
    expect((await withPlan(`${full}${more}`, "systemd")).err).toBe("");
    expect((await withPlan(full, "cronjob")).err).toBe("");
  });

  it("names what is wrong with it, and prints nothing", async () => {
    const { out, err, code } = await withPlan("profle: full\n", "cron");
    expect([out, code]).toEqual(["", 78]);
    expect(err).toMatch(/profle.*profile/s);
  });
});
