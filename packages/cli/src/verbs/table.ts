import type { OptionSpec, PositionalSpec } from "../args.ts";
import type { VerbSpec } from "./verb.ts";

const none: PositionalSpec = { name: "an argument", min: 0, max: 0 };
const bundle: PositionalSpec = { name: "BUNDLE", min: 1, max: 1 };
const profile: OptionSpec = {
  name: "profile",
  value: "NAME",
  oneOf: ["quick", "full"],
  help: "quick (default) or full",
};
const port: OptionSpec = { name: "port", value: "N", help: "port on 127.0.0.1, default 8080" };
const config: OptionSpec = { name: "config", value: "FILE", help: "gateway configuration" };

const planOptions: readonly OptionSpec[] = [
  { name: "plan", value: "FILE", help: "plan file; without one the quick plan" },
  { name: "target", value: "URL", help: "any OpenAI-shaped server, with or without /v1" },
  { name: "api-key-env", value: "NAME", help: "variable that holds the target's API key" },
  { name: "model", value: "NAME", help: "model to ask; default: the target's first" },
  profile,
  { name: "skip", value: "A,B", help: "stages not to run; their claims are not_tested" },
];
const runOptions: readonly OptionSpec[] = [
  ...planOptions,
  { name: "out", value: "DIR", help: "where the run's folder goes, default STATE/runs" },
];

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
    usage: "[--config F] [--port N] [--explain]",
    example: "loadline serve --port 8081",
    options: [config, port, { name: "explain", help: "print the stages of a request, then end" }],
    positional: none,
    load: async () => (await import("./serve.ts")).runServe,
  },
  {
    name: "validate",
    summary: "the whole validation of a target",
    usage: "[--plan F | --target URL] [--api-key-env NAME] [--skip a,b] [--out DIR]",
    example: "loadline validate --target http://127.0.0.1:8080 --api-key-env LOADLINE_API_KEY",
    options: runOptions,
    positional: none,
    load: async () => (await import("./validate.ts")).runValidate,
  },
  {
    name: "plan",
    summary: "claims with the samples and minutes they need; runs nothing",
    usage: "[same options as validate]",
    example: "loadline plan --target http://127.0.0.1:8080",
    options: runOptions,
    positional: none,
    load: async () => (await import("./plan.ts")).runPlan,
  },
  stage("probe", "the probe stage alone, same plan, same evidence"),
  stage("load", "the load stage alone, same plan, same evidence"),
  {
    name: "verify",
    summary: "recompute every verdict of a bundle from its evidence",
    usage: "BUNDLE",
    example: "loadline verify .loadline/runs/latest",
    options: [],
    positional: bundle,
    load: async () => (await import("./verify.ts")).runVerify,
  },
  {
    name: "report",
    summary: "render a bundle's reports again, offline",
    usage: "BUNDLE [--format html,md,json,junit] [--out DIR]",
    example: "loadline report .loadline/runs/latest --format md",
    options: [
      { name: "format", value: "LIST", help: "html, md, json, junit; default all" },
      { name: "out", value: "DIR", help: "folder to write to, default the bundle" },
    ],
    positional: bundle,
    load: async () => (await import("./report.ts")).runReport,
  },
  {
    name: "doctor",
    summary: "parts and tools present, and what would become not tested",
    usage: "",
    example: "loadline doctor",
    options: [],
    positional: none,
    load: async () => (await import("./doctor.ts")).runDoctor,
  },
  {
    name: "keys",
    summary: "API keys of the gateway's state directory",
    usage: "create|list|show|check|rotate|revoke [ID]",
    example: "loadline keys list",
    options: [
      { name: "name", value: "NAME", help: "create: what the key is for" },
      { name: "key-env", value: "NAME", help: "check: variable that holds the key" },
    ],
    positional: {
      name: "create|list|show|check|rotate|revoke",
      min: 1,
      max: 2,
      oneOf: ["create", "list", "show", "check", "rotate", "revoke"],
    },
    load: async () => (await import("./keys.ts")).runKeys,
  },
  {
    name: "config",
    summary: "check, describe or show the gateway's configuration",
    usage: "check|schema|show [--config F]",
    example: "loadline config show",
    options: [config],
    positional: {
      name: "check|schema|show",
      min: 1,
      max: 1,
      oneOf: ["check", "schema", "show"],
    },
    load: async () => (await import("./config.ts")).runConfig,
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
