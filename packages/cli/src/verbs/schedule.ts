import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { shellLine } from "@loadline/validator";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import type { VerbContext } from "./verb.ts";

/** How often a validation recurs, in the words of each scheduler. */
const rhythms = {
  hourly: { cron: "17 * * * *", calendar: "*-*-* *:17:00" },
  daily: { cron: "17 3 * * *", calendar: "*-*-* 03:17:00" },
  weekly: { cron: "17 3 * * 1", calendar: "Mon *-*-* 03:17:00" },
} as const;

/** What is scheduled. */
export interface ScheduledJob {
  readonly every: keyof typeof rhythms;
  /** Absolute path of the plan file. */
  readonly plan: string;
  readonly profile: "quick" | "full";
  readonly stateDir: string;
  /** Container image of the CronJob. */
  readonly image: string;
  /** Limit of a run that hangs, minutes. */
  readonly limitMinutes: number;
}

function command(job: ScheduledJob, plan = job.plan, state = job.stateDir): string[] {
  const { profile } = job;
  return ["loadline", "validate", "--plan", plan, "--profile", profile, "--state", state];
}

/** A crontab line; a run that still goes on keeps the next from starting. */
function cron(job: ScheduledJob): string {
  const line = shellLine(command(job));
  if (/[%\n]/.test(line)) {
    throw cliErrors.make("LL_CLI_VALUE", "A crontab line holds no % and no line break.");
  }
  const lock = shellLine(["flock", "-n", `${job.stateDir}/schedule.lock`]);
  return `${rhythms[job.every].cron} ${lock} timeout ${job.limitMinutes}m ${line}\n`;
}

/** An argument of `ExecStart`, where `%` and `$` mean something. */
function unitWord(word: string): string {
  if (/[\r\n]/.test(word)) {
    throw cliErrors.make("LL_CLI_VALUE", "A unit file holds no line break inside a path.");
  }
  const plain = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w./:=-]+$/.test(plain) ? plain : `"${plain.replace(/["\\]/g, "\\$&")}"`;
}

/** A systemd service and its timer, each after the name of its file. */
function systemd(job: ScheduledJob): string {
  return [
    "# /etc/systemd/system/loadline-validate.service",
    "[Unit]",
    "Description=Loadline validation",
    "[Service]",
    "Type=oneshot",
    `ExecStart=/usr/bin/env ${command(job).map(unitWord).join(" ")}`,
    `TimeoutStartSec=${job.limitMinutes}min`,
    "",
    "# /etc/systemd/system/loadline-validate.timer",
    "[Unit]",
    "Description=Loadline validation, recurring",
    "[Timer]",
    `OnCalendar=${rhythms[job.every].calendar}`,
    "Persistent=true",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ].join("\n");
}

/** A Kubernetes CronJob; plan and state come from a ConfigMap and a claim of the same name. */
function cronJob(job: ScheduledJob): string {
  const words = command(job, "/plan/plan.yaml", "/state");
  return [
    "apiVersion: batch/v1",
    "kind: CronJob",
    "metadata:",
    "  name: loadline-validate",
    "spec:",
    `  schedule: "${rhythms[job.every].cron}"`,
    "  concurrencyPolicy: Forbid",
    "  jobTemplate:",
    "    spec:",
    "      backoffLimit: 0",
    `      activeDeadlineSeconds: ${job.limitMinutes * 60}`,
    "      template:",
    "        spec:",
    "          restartPolicy: Never",
    "          securityContext:",
    "            runAsNonRoot: true",
    "          containers:",
    "            - name: loadline",
    `              image: ${JSON.stringify(job.image)}`,
    `              command: ${JSON.stringify(words)}`,
    "              securityContext:",
    "                allowPrivilegeEscalation: false",
    "                readOnlyRootFilesystem: true",
    "              volumeMounts:",
    "                - { name: plan, mountPath: /plan, readOnly: true }",
    "                - { name: state, mountPath: /state }",
    "          volumes:",
    "            - { name: plan, configMap: { name: loadline-plan } }",
    "            - { name: state, persistentVolumeClaim: { claimName: loadline-state } }",
    "",
  ].join("\n");
}

const forms: Readonly<Record<string, (job: ScheduledJob) => string>> = {
  cron,
  systemd,
  cronjob: cronJob,
};

/** Prints what makes a scheduler run the validation again and again; installs nothing. */
export function runSchedule({ host, args, stateDir, json }: VerbContext): Promise<ExitCode> {
  const plan = args.text("plan");
  if (plan === undefined) {
    throw cliErrors.make("LL_CLI_ARGUMENT", "--plan FILE says what is validated.");
  }
  const path = resolve(host.cwd, plan);
  if (!existsSync(path)) host.stderr.write(`note ${cleanText(path)} is not there yet\n`);
  const name = args.positionals[0] ?? "cron";
  const every = args.text("every");
  const profile = args.text("profile") === "full" ? "full" : "quick";
  const text =
    forms[name]?.({
      every: every === "hourly" || every === "weekly" ? every : "daily",
      plan: path,
      profile,
      stateDir,
      image: args.text("image") ?? "loadline",
      limitMinutes: profile === "full" ? 90 : 20,
    }) ?? "";
  host.stdout.write(json ? `${JSON.stringify({ form: name, text }, null, 2)}\n` : text);
  return Promise.resolve(0);
}
