import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { loadPlanFile, type PlanFile, shellLine } from "@loadline/validator";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { toolVersion } from "../version.ts";
import type { VerbContext } from "./verb.ts";

/**
 * How often a validation recurs, in the words of each scheduler. Hours, but for hourly, are further
 * apart than a run of the full profile takes, so that plans of several rhythms do not meet.
 */
const rhythms = {
  hourly: { cron: "47 * * * *", calendar: "*-*-* *:47:00" },
  daily: { cron: "17 3 * * *", calendar: "*-*-* 03:17:00" },
  weekly: { cron: "17 5 * * 1", calendar: "Mon *-*-* 05:17:00" },
  monthly: { cron: "17 23 1 * *", calendar: "*-*-01 23:17:00" },
  quarterly: { cron: "17 21 1 1,4,7,10 *", calendar: "*-01,04,07,10-01 21:17:00" },
} as const;

/** What is scheduled. */
export interface ScheduledJob {
  readonly every: keyof typeof rhythms;
  /** Where the command was given: paths inside a plan may be relative to it. */
  readonly folder: string;
  /** Absolute path of the plan file. */
  readonly plan: string;
  readonly profile: "quick" | "full";
  readonly stateDir: string;
  /** Container image of the CronJob. */
  readonly image: string;
  /** Limit of a run that hangs, minutes. */
  readonly limitMinutes: number;
  /** Of the plan file, where it is there. */
  readonly planText?: string;
}

function command(job: ScheduledJob, plan = job.plan, state = job.stateDir): string[] {
  const { profile } = job;
  return ["loadline", "validate", "--plan", plan, "--profile", profile, "--state", state];
}

/** Plans of several rhythms and profiles stand beside each other. */
const nameOf = ({ every, profile }: ScheduledJob): string => `${every}-${profile}`;

/** How long a crontab line waits for the run of another one, s. */
const waitSeconds = 6 * 3_600;

/** A crontab line; its run that still goes on keeps the next from starting, another's delays it. */
function cron(job: ScheduledJob): string {
  const line = shellLine(command(job));
  if (/[%\n]/.test(line + job.folder)) {
    throw cliErrors.make("LL_CLI_VALUE", "A crontab line holds no % and no line break.");
  }
  // A scheduler starts elsewhere, and before the first run there is no folder for the lock.
  const place = `${shellLine(["cd", job.folder])} && ${shellLine(["mkdir", "-p", job.stateDir])}`;
  const own = shellLine(["flock", "-n", `${job.stateDir}/schedule-${nameOf(job)}.lock`]);
  const all = shellLine(["flock", "-w", `${waitSeconds}`, `${job.stateDir}/schedule.lock`]);
  const run = `timeout ${job.limitMinutes}m ${line}`;
  return `${rhythms[job.every].cron} ${place} && ${own} ${all} ${run}\n`;
}

/** An argument of `ExecStart`, where `%` and `$` mean something. */
function unitWord(word: string): string {
  if (/[\r\n]/.test(word)) {
    throw cliErrors.make("LL_CLI_VALUE", "A unit file holds no line break inside a path.");
  }
  const plain = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w./:=-]+$/.test(plain) ? plain : `"${plain.replace(/["\\]/g, "\\$&")}"`;
}

/** A path as a setting of a unit, where `%` means something and quotes are not read. */
function unitPath(path: string): string {
  if (/[\r\n]/.test(path)) {
    throw cliErrors.make("LL_CLI_VALUE", "A unit file holds no line break inside a path.");
  }
  return path.replaceAll("%", "%%");
}

/** A systemd service and its timer, each after the name of its file. */
function systemd(job: ScheduledJob): string {
  return [
    `# /etc/systemd/system/loadline-validate-${nameOf(job)}.service`,
    "[Unit]",
    "Description=Loadline validation",
    "[Service]",
    "Type=oneshot",
    `WorkingDirectory=${unitPath(job.folder)}`,
    `ExecStart=/usr/bin/env ${command(job).map(unitWord).join(" ")}`,
    `TimeoutStartSec=${job.limitMinutes}min`,
    "",
    `# /etc/systemd/system/loadline-validate-${nameOf(job)}.timer`,
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

/** A cluster takes no ConfigMap above 1 MiB. */
const planCharsMax = 900_000;

/** The plan's text as a value of YAML, two deep; JSON is YAML where a block could not hold it. */
function planValue(text: string): string {
  if (text.length > planCharsMax) {
    throw cliErrors.make("LL_CLI_VALUE", "The plan is too large for a ConfigMap.");
  }
  // What YAML lets stand in a block, line breaks of its own aside.
  if (/[^\n\t\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd]/.test(text)) return JSON.stringify(text);
  const lines = text.replace(/\n+$/, "").split("\n");
  return ["|2", ...lines.map((line) => (line === "" ? "" : `    ${line}`))].join("\n");
}

/** The plan for the pods, and room for the state; the plan is left out while it is not there. */
function cronJobBeside(job: ScheduledJob): string[] {
  const plan =
    job.planText === undefined
      ? []
      : [
          "apiVersion: v1",
          "kind: ConfigMap",
          "metadata:",
          `  name: loadline-plan-${nameOf(job)}`,
          "data:",
          `  plan.yaml: ${planValue(job.planText)}`,
          "---",
        ];
  return [
    ...plan,
    "apiVersion: v1",
    "kind: PersistentVolumeClaim",
    "metadata:",
    "  name: loadline-state",
    "spec:",
    "  accessModes: [ReadWriteOnce]",
    "  resources: { requests: { storage: 5Gi } }",
    "---",
  ];
}

/** A Kubernetes CronJob, with the plan it runs; credentials come from an optional Secret. */
function cronJob(job: ScheduledJob): string {
  const words = command(job, "/plan/plan.yaml", "/state");
  return [
    ...cronJobBeside(job),
    "apiVersion: batch/v1",
    "kind: CronJob",
    "metadata:",
    `  name: loadline-validate-${nameOf(job)}`,
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
    // A fresh volume is root's; the group of the pod may write to it.
    "            fsGroup: 65532",
    "          containers:",
    "            - name: loadline",
    `              image: ${JSON.stringify(job.image)}`,
    `              command: ${JSON.stringify(words)}`,
    "              envFrom:",
    "                - secretRef: { name: loadline-credentials, optional: true }",
    "              resources:",
    "                requests: { cpu: 500m, memory: 512Mi }",
    "                limits: { memory: 2Gi }",
    "              securityContext:",
    "                allowPrivilegeEscalation: false",
    "                readOnlyRootFilesystem: true",
    "                capabilities: { drop: [ALL] }",
    "              volumeMounts:",
    "                - { name: plan, mountPath: /plan, readOnly: true }",
    "                - { name: state, mountPath: /state }",
    "          volumes:",
    `            - { name: plan, configMap: { name: loadline-plan-${nameOf(job)} } }`,
    "            - { name: state, persistentVolumeClaim: { claimName: loadline-state } }",
    "",
  ].join("\n");
}

const forms: Readonly<Record<string, (job: ScheduledJob) => string>> = {
  cron,
  systemd,
  cronjob: cronJob,
};

/** Of the plan's own budget, and never less than a run that only starts and ends may take. */
const limitShare = 1.5;
const limitMinutesMin = 20;
const budgets = { quick: 10, full: 60 } as const;

/** Files that the plan names beside itself, which pods with the plan alone do not have. */
function filesBeside(file: PlanFile): string[] {
  const gates = typeof file.gates === "string" ? file.gates : undefined;
  const named = [file.slo, file.waivers, gates, ...(file.signing?.keys ?? [])];
  const secrets = JSON.stringify(file.stack ?? {}).matchAll(/"\$\{file:([^}"]+)\}"/g);
  const all = [...named, ...Array.from(secrets, ([, name]) => name)];
  return [...new Set(all.filter((name) => name !== undefined))];
}

/** What the plan says of its runs; `--profile` wins, and a plan that is not there yet says nothing. */
async function termsOf(path: string, given: string | undefined) {
  const profile = given === "quick" || given === "full" ? given : undefined;
  if (existsSync(path)) {
    const { plan, file, text } = await loadPlanFile(path, profile);
    const { budgetMinutes } = plan;
    const beside = filesBeside(file);
    return { profile: profile ?? file.profile, budgetMinutes, beside, planText: text };
  }
  return {
    profile: profile ?? "quick",
    budgetMinutes: budgets[profile ?? "quick"],
    beside: [],
  } as const;
}

const isRhythm = (word: string): word is keyof typeof rhythms => Object.hasOwn(rhythms, word);

/**
 * Prints what makes a scheduler run the validation again and again; installs nothing. A plan that is
 * there decides profile and limit of time. @throws the codes of reading a plan
 */
export async function runSchedule({ host, args, stateDir, json }: VerbContext): Promise<ExitCode> {
  const plan = args.text("plan");
  if (plan === undefined) {
    throw cliErrors.make("LL_CLI_ARGUMENT", "--plan FILE says what is validated.");
  }
  const path = resolve(host.cwd, plan);
  if (!existsSync(path)) host.stderr.write(`note ${cleanText(path)} is not there yet\n`);
  const name = args.positionals[0] ?? "cron";
  const every = args.text("every") ?? "daily";
  const { profile, budgetMinutes, beside, ...more } = await termsOf(path, args.text("profile"));
  if (name === "cronjob" && beside.length > 0) {
    const lacking = cleanText(beside.join(", "));
    host.stderr.write(
      `note a pod has /plan/plan.yaml alone; mount what it names there: ${lacking}\n`,
    );
  }
  const text =
    forms[name]?.({
      every: isRhythm(every) ? every : "daily",
      folder: host.cwd,
      plan: path,
      profile,
      stateDir,
      image: args.text("image") ?? `loadline:${toolVersion}`,
      limitMinutes: Math.max(limitMinutesMin, Math.ceil(budgetMinutes * limitShare)),
      ...more,
    }) ?? "";
  host.stdout.write(json ? `${JSON.stringify({ form: name, text }, null, 2)}\n` : text);
  return 0;
}
