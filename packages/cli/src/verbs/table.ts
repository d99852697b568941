import type { OptionSpec, PositionalSpec } from "../args.ts";
import { auditLogOptions } from "./audit-log-options.ts";
import { certOptions } from "./cert-options.ts";
import { doctorOptions } from "./doctor-options.ts";
import { keyOptions, roleOptions, storeOptions, userOptions } from "./identity-options.ts";
import { interopOptions } from "./load-interop-options.ts";
import { loadOptions } from "./load-options.ts";
import { modelOptions } from "./model-options.ts";
import {
  composeOptions,
  loadRunOptions,
  profile,
  runOptions,
  signKey,
  useOption,
} from "./run-options.ts";
import { sloOptions } from "./slo-options.ts";
import type { VerbSpec } from "./verb.ts";

const none: PositionalSpec = { name: "an argument", min: 0, max: 0 };
/** What is done, then what with. */
const acts = (min: number, max: number, oneOf: readonly string[]): PositionalSpec => ({
  name: oneOf.join("|"),
  min,
  max,
  oneOf,
});
const bundle: PositionalSpec = { name: "BUNDLE", min: 1, max: 1 };
const page: OptionSpec = { name: "html", value: "FILE", help: "writes the same as one page, too" };
const port: OptionSpec = { name: "port", value: "N", help: "port on 127.0.0.1, default 8080" };
const workers: OptionSpec = {
  name: "workers",
  value: "N",
  help: "processes on that port, default 1",
};
const config: OptionSpec = { name: "config", value: "FILE", help: "gateway configuration" };

const knownKeys: OptionSpec = {
  name: "keys",
  value: "F,F",
  help: "public keys you trust; a signature by another is unknown",
};

const stage = (name: "probe" | "load", summary: string): VerbSpec => ({
  name,
  summary,
  usage: "[--plan F | --target URL] [--api-key-env NAME] [--out DIR]",
  example: `loadline ${name} --target http://127.0.0.1:8080 --api-key-env LOADLINE_API_KEY`,
  options: runOptions,
  positional: none,
  load: async () => (await import("./validate.ts")).runStage(name),
});

/** Every verb, in the order of the help. The only registry: help, suggestions and docs read it. */
export const verbs: readonly VerbSpec[] = [
  {
    name: "up",
    summary: "serve the built-in model, validate it, print the verdict",
    usage: "[--once] [--profile quick|full] [--port N]",
    example: "loadline up --once",
    options: [{ name: "once", help: "stop after the verdict, exit with its code" }, profile, port],
    positional: none,
    load: async () => (await import("./up.ts")).runUp,
  },
  {
    name: "serve",
    summary: "the gateway",
    usage: "[--config F] [--port N] [--workers N] [--explain]",
    example: "loadline serve --port 8081",
    options: [
      config,
      port,
      workers,
      { name: "explain", help: "print the stages of a request, then end" },
    ],
    positional: none,
    load: async () => (await import("./serve.ts")).runServe,
  },
  {
    name: "validate",
    summary: "the whole validation of a target",
    usage: "[--plan F | --target URL | --resume RUN] [--skip a,b] [--out DIR]",
    example: "loadline validate --target http://127.0.0.1:8080 --api-key-env LOADLINE_API_KEY",
    options: [
      ...runOptions,
      { name: "resume", value: "RUN", help: "go on with an interrupted run, where it stopped" },
    ],
    positional: none,
    load: async () => (await import("./validate.ts")).runValidate,
  },
  {
    name: "plan",
    summary: "claims with the samples and minutes they need; runs nothing",
    usage: "[PLAN of a load] [same options as validate and load]",
    example: "loadline plan --target http://127.0.0.1:8080",
    options: [
      ...loadRunOptions,
      ...loadOptions,
      { name: "compose", value: "FILE", help: "print the stack of a compose file as a plan" },
      { name: "schema", help: "print the JSON Schema of a plan file" },
    ],
    positional: { name: "PLAN", min: 0, max: 1 },
    load: async () => (await import("./plan.ts")).runPlan,
  },
  {
    ...stage("probe", "the probe stage alone; `probe compose FILE`: a compose project"),
    usage: "[--plan F | --target URL] [options] | compose FILE [--engine E] [--project NAME]",
    options: [...runOptions, ...composeOptions],
    positional: acts(0, 2, ["compose"]),
    load: async () => (await import("./probe.ts")).runProbe,
  },
  {
    ...stage("load", "load alone, by a plan, a profile or flags; other tools"),
    usage: "[PLAN] [--target URL] [options] | profiles|compare|judge|import|drive|export ...",
    example:
      "loadline load --target http://127.0.0.1:8080 --rate 30 --api-key-env LOADLINE_API_KEY",
    options: [...loadRunOptions, ...loadOptions, ...interopOptions],
    positional: { name: "PLAN|profiles|compare|judge|import|drive|export", min: 0, max: 32 },
    load: async () =>
      (await import("./load-interop.ts")).withInterop((await import("./load.ts")).runLoadVerb),
  },
  {
    name: "verify",
    summary: "recompute every verdict of a bundle from its evidence",
    usage: "BUNDLE [--keys F,F] [--require-signature] [--require-pq]",
    example: "loadline verify .loadline/runs/latest",
    options: [
      knownKeys,
      { name: "require-signature", help: "exit 2 without a valid signature by a known key" },
      { name: "require-pq", help: "exit 2 without a valid Ed25519 and ML-DSA-65 pair" },
    ],
    positional: bundle,
    load: async () => (await import("./verify.ts")).runVerify,
  },
  {
    name: "report",
    summary: "render a bundle's reports again, offline",
    usage: "BUNDLE [--format html,md,json,junit,sarif,ctrf,intoto] [--out DIR]",
    example: "loadline report .loadline/runs/latest --format md",
    options: [
      {
        name: "format",
        value: "LIST",
        help: "html, md, json, junit, sarif, ctrf, intoto; default all",
      },
      { name: "out", value: "DIR", help: "folder to write to, default the bundle" },
    ],
    positional: bundle,
    load: async () => (await import("./report.ts")).runReport,
  },
  {
    name: "score",
    summary: "the scorecard: eleven categories, coverage beside each",
    usage: "BUNDLE [--use NAME] [--gates FILE] [--checklist FILE] [--rows]",
    example: "loadline score .loadline/runs/latest",
    options: [
      { name: "checklist", value: "FILE", help: "writes what is proven as ticked boxes, too" },
      { name: "rows", help: "claims by rows of the checklist, too" },
      {
        name: "gates",
        value: "FILE",
        help: "gates, default the plan's own; exit 1 for a failed one, 2 for an open one",
      },
      useOption,
    ],
    positional: bundle,
    load: async () => (await import("./score.ts")).runScore,
  },
  {
    name: "diff",
    summary: "two runs claim by claim, loosened targets, changed checks",
    usage: "A B [--html FILE]",
    example: "loadline diff .loadline/runs/latest .loadline/runs/latest",
    options: [page],
    positional: { name: "A B", min: 2, max: 2 },
    load: async () => (await import("./diff.ts")).runDiff,
  },
  {
    name: "trend",
    summary: "the last runs of a folder, claim by claim",
    usage: "DIR [--last N] [--html FILE]",
    example: "loadline trend .loadline/runs",
    options: [{ name: "last", value: "N", help: "runs, 1 to 200, default 20" }, page],
    positional: { name: "DIR", min: 1, max: 1 },
    load: async () => (await import("./trend.ts")).runTrend,
  },
  {
    name: "approve",
    summary: "sign off a bundle that verifies and is READY",
    usage: "BUNDLE --by NAME --role ROLE --reason TEXT --sign-key F,F",
    before: "openssl genpkey -algorithm ed25519 -out me.pem",
    example:
      "loadline approve .loadline/runs/latest --by Ada --role CTO " +
      '--reason "Read it all" --sign-key me.pem',
    options: [
      { name: "by", value: "NAME", help: "who signs" },
      { name: "role", value: "ROLE", help: "in which role" },
      { name: "reason", value: "TEXT", help: "why, at least 10 characters" },
      signKey,
      knownKeys,
    ],
    positional: bundle,
    load: async () => (await import("./approve.ts")).runApprove,
  },
  {
    name: "lint",
    summary: "read anybody's readiness report for what contradicts itself",
    usage: "FILE...",
    example: "loadline lint .loadline/runs/latest/report.md",
    options: [],
    positional: { name: "FILE", min: 1, max: 256 },
    load: async () => (await import("./lint.ts")).runLint,
  },
  {
    name: "selftest",
    summary: "every check against its own saboteur and a healthy twin",
    usage: "[--only ID] [--list]",
    example: "loadline selftest --only probe.openai.auth",
    options: [
      { name: "only", value: "ID", help: "one check, or the begin of ids, such as guard.load" },
      { name: "list", help: "print the checks and what catches their saboteurs; runs nothing" },
    ],
    positional: none,
    load: async () => (await import("./selftest.ts")).runSelftestVerb,
  },
  {
    name: "doctor",
    summary: "parts, tools, live endpoints; what becomes not tested",
    usage: "[--config F] [--plan F | --target URL]",
    example: "loadline doctor --config loadline.yaml",
    options: [...doctorOptions, profile],
    positional: none,
    load: async () => (await import("./doctor.ts")).runDoctor,
  },
  {
    name: "keys",
    summary: "API keys of the gateway's state directory",
    usage: "create|list|show|check|rotate|revoke [ID]",
    example: "loadline keys list",
    options: keyOptions,
    positional: acts(1, 2, ["create", "list", "show", "check", "rotate", "revoke"]),
    load: async () => (await import("./keys.ts")).runKeys,
  },
  {
    name: "users",
    summary: "users whose permissions bound their keys",
    usage: "create SUBJECT|list|show ID|disable ID|enable ID",
    example: "loadline users list",
    options: userOptions,
    positional: acts(1, 2, ["create", "list", "show", "disable", "enable"]),
    load: async () => (await import("./users.ts")).runUsers,
  },
  {
    name: "roles",
    summary: "roles and custom grants of users, and what each role holds",
    usage: "grant USER|revoke USER|list USER|matrix",
    example: "loadline roles matrix",
    options: roleOptions,
    positional: acts(1, 2, ["grant", "revoke", "list", "matrix"]),
    load: async () => (await import("./roles.ts")).runRoles,
  },
  {
    name: "secrets",
    summary: "how many keys' secrets stand under each pepper",
    usage: "status",
    example: "loadline secrets status",
    options: storeOptions,
    positional: acts(1, 1, ["status"]),
    load: async () => (await import("./secrets.ts")).runSecrets,
  },
  {
    name: "audit-log",
    summary: "read, export, verify, prove or purge the gateway's audit log",
    usage: "query|verify|prove|export|purge [--heads F] [--tenant T] [--out F]",
    example: "loadline audit-log query --action key.created",
    options: [config, ...auditLogOptions],
    positional: acts(1, 1, ["query", "verify", "prove", "export", "purge"]),
    load: async () => (await import("./audit-log.ts")).runAuditLog,
  },
  {
    name: "config",
    summary: "check, describe or show the gateway's configuration",
    usage: "check|schema|show [--config F]",
    example: "loadline config show",
    options: [config],
    positional: acts(1, 1, ["check", "schema", "show"]),
    load: async () => (await import("./config.ts")).runConfig,
  },
  {
    name: "certs",
    summary: "certificates: what they say; an authority of your own",
    usage: "show|check [FILE...] | ca | issue NAME [options]",
    example: "loadline certs show",
    options: [config, ...certOptions],
    positional: acts(1, 65, ["show", "check", "ca", "issue"]),
    load: async () => (await import("./certs.ts")).runCerts,
  },
  {
    name: "models",
    summary: "in-process models of a running gateway: swap, roll back",
    usage: "list|swap TARGET FILE|rollback TARGET [--url URL]",
    before: `export LOADLINE_API_KEY=$(loadline keys create --name ops --role admin --json | grep -o 'll_[^"]*')`,
    example: "loadline models list --url http://127.0.0.1:8080 --key-env LOADLINE_API_KEY",
    options: modelOptions,
    positional: acts(1, 3, ["list", "swap", "rollback"]),
    load: async () => (await import("./models.ts")).runModels,
  },
  {
    name: "breaker",
    summary: "replay recorded outcomes through the circuit breaker",
    usage: "simulate --trace FILE [--target NAME] [--config F] [--seed N]",
    before: `echo '{"t":1000,"outcome":"ok"}' > outcomes.jsonl`,
    example: "loadline breaker simulate --trace outcomes.jsonl",
    options: [
      {
        name: "trace",
        value: "FILE",
        help: 'the log of serve, or lines such as {"t":1000,"outcome":"ok"}, t in ms',
      },
      { name: "target", value: "NAME", help: "whose outcomes, by its own settings of the breaker" },
      config,
      { name: "seed", value: "N", help: "draws the times it stays open, default 1" },
    ],
    positional: { name: "simulate", min: 1, max: 1, oneOf: ["simulate"] },
    load: async () => (await import("./breaker.ts")).runBreaker,
  },
  {
    name: "slo",
    summary: "objectives: rules for Prometheus, verdicts, error budgets",
    usage: "import|lint|compile|check|budget [FILE] [--metrics FILE] [--out DIR]",
    example: "loadline slo compile --objective 99.9",
    options: sloOptions,
    positional: {
      name: "import|lint|compile|check|budget [FILE]",
      min: 1,
      max: 2,
      oneOf: ["import", "lint", "compile", "check", "budget"],
    },
    load: async () => (await import("./slo.ts")).runSlo,
  },
  {
    name: "schedule",
    summary: "a crontab line, systemd timer or CronJob for a plan",
    usage: "[cron|systemd|cronjob] --plan F [--every daily|weekly|monthly|...]",
    example: "loadline schedule cron --plan plan.yaml --every daily",
    options: [
      { name: "plan", value: "FILE", help: "plan that is validated each time" },
      {
        name: "every",
        value: "SPAN",
        oneOf: ["hourly", "daily", "weekly", "monthly", "quarterly"],
        help: "hourly, daily (default), weekly, monthly or quarterly",
      },
      profile,
      { name: "image", value: "NAME", help: "cronjob: container image, default loadline:VERSION" },
    ],
    positional: acts(0, 1, ["cron", "systemd", "cronjob"]),
    load: async () => (await import("./schedule.ts")).runSchedule,
  },
  {
    name: "clean",
    summary: "show what old runs left behind; remove it with --yes",
    usage: "[--keep N] [--yes]",
    example: "loadline clean --keep 5",
    options: [
      { name: "keep", value: "N", help: "newest runs that stay, default 10" },
      { name: "yes", help: "remove what was shown" },
    ],
    positional: none,
    load: async () => (await import("./clean.ts")).runClean,
  },
];
