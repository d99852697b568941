import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import {
  findProfile,
  heldByClaims,
  jobOfFile,
  jobOfProfile,
  type LoadJob,
  manifestWithSecrets,
  parseYaml,
  profileManifestSchema,
  readLoadFile,
  type ThresholdSpec,
} from "@loadline/validator";
import { codeOf } from "@loadline/kit/errors";
import type { Args } from "../args.ts";
import { parseDurationMs } from "../duration.ts";
import { cliErrors } from "../errors.ts";
import { apiBase } from "../plan-options.ts";
import type { CliHost } from "../process/host.ts";

type Load = LoadJob["load"];
type Scenario = Load["scenarios"][string];

/** Three blocks of a second with what lies between them. */
const tripleMs = 3_600;
const triplesMin = 100;
const durationDefaultMs = 30_000;
const rateDefault = 20;
const warmupMsMax = 5_000;
const peakLimitMs = 2_000;
const prompts = ["Say hello.", "Name one colour.", "What is a load line?", "Count to three."];

/** Sending terms a command line may give on top of any plan. */
export interface LoadTerms {
  readonly seed?: number;
  readonly workers?: number;
  readonly processes?: number;
  readonly aboveCaps?: true;
}

/** `--seed`, `--workers`, `--processes`, `--above-caps`. */
export function loadTerms(args: Args): LoadTerms {
  const seed = args.count("seed", { min: 0, max: 0xffffffff });
  const workers = args.count("workers", { min: 1, max: 64 });
  const processes = args.count("processes", { min: 1, max: 16 });
  return {
    ...(seed !== undefined && { seed }),
    ...(workers !== undefined && { workers }),
    ...(processes !== undefined && { processes }),
    ...(args.has("above-caps") && { aboveCaps: true }),
  };
}

/** The target of `--target`: as it is for plain routes, with `/v1` for model routes. */
export function targetOf(args: Args, text: string): Load["target"] {
  const base = apiBase(text);
  const plain = args.text("get") === undefined ? base : new URL(text).origin;
  const model = args.text("model");
  return {
    baseUrl: plain,
    allowHosts: args.list("allow-host"),
    ...(model !== undefined && { model }),
  };
}

/** The job of `load --target URL` with its one scenario from the flags. */
export function jobOfFlags(args: Args, target: string, other = args.text("ab")): LoadJob {
  const name = args.text("get") === undefined ? "chat" : "get";
  return {
    profile: "flags",
    name: target,
    load: {
      target: targetOf(args, target),
      seed: 7,
      ...loadTerms(args),
      scenarios: { [name]: scenarioOf(args) },
      limits: [],
    },
    thresholds: thresholdsOf(args),
    confidence: 0.95,
    waive: [],
    explore: args.has("explore"),
    ...keyOf(args),
    ...abOf(args, other),
  };
}

/** What flags say of a load that nothing else describes. */
const ofFlags = ["get", "stream", "threshold", "ladder", "find-peak"] as const;
const ofProfiles = ["manifest", "rate", "users"] as const;

/** Refuses options that `by` says itself: they would change nothing. */
function refuseUnused(args: Args, names: readonly string[], by: string): void {
  const unused = names.find((name) => args.has(name) || args.text(name) !== undefined);
  if (unused === undefined) return;
  const message = `--${unused} changes nothing of ${by}, which says it itself: leave it out.`;
  throw cliErrors.make("LL_CLI_VALUE", message);
}

/** The job of a plan file, YAML or TypeScript, with what the flags change of it. */
export async function jobOfPlan(host: CliHost, args: Args, path: string): Promise<LoadJob> {
  // Blocks of a comparison are sent for as long as it is asked.
  const ofTime = args.text("ab") === undefined ? ["duration"] : [];
  const names = [...ofFlags, ...ofProfiles, ...ofTime, "profile", "model"];
  refuseUnused(args, names, `the plan ${path}`);
  const target = args.text("target");
  const file = await readLoadFile(resolve(host.cwd, path), {
    env: (name) => host.env[name],
    clock: host.clock,
    allowHosts: args.list("allow-host"),
    ...(target !== undefined && { baseUrl: target }),
    ...(args.has("above-caps") && { aboveCaps: true }),
  });
  const explore = args.has("explore");
  const terms = { profile: basename(path), explore, ...keyOf(args), ...abOf(args) };
  const job = jobOfFile(file, terms);
  const { workers, processes } = file;
  return { ...job, load: { ...job.load, workers, processes, ...loadTerms(args) } };
}

/** The job of a built-in profile against `--target`, with what `--manifest` says of it. */
export function jobOfNamed(host: CliHost, args: Args, name: string): LoadJob {
  refuseUnused(args, ofFlags, `the profile ${name}`);
  const text = args.text("target");
  if (text === undefined) throw cliErrors.make("LL_CLI_ARGUMENT", "Give --target URL.");
  const { manifest, secrets } = manifestWithSecrets(
    readManifest(host, args),
    (key) => host.env[key],
  );
  const base = apiBase(text);
  // Health and metrics stand beside `/v1`, not below it.
  const baseUrl = base.endsWith("/v1") ? base.slice(0, -3) : base;
  const users = args.count("users", { min: 1, max: 20_000 });
  const rate = rateOf(args);
  return jobOfProfile(findProfile(name), {
    load: {
      target: { baseUrl, allowHosts: args.list("allow-host") },
      seed: 7,
      secrets,
      ...loadTerms(args),
    },
    name: text,
    manifest,
    terms: {
      ...(users !== undefined && { users }),
      ...(rate !== undefined && { rate }),
      ...(args.text("duration") !== undefined && { durationMs: durationOf(args) }),
    },
    explore: args.has("explore"),
    ...keyOf(args),
    ...abOf(args),
  });
}

function readManifest(host: CliHost, args: Args) {
  const path = args.text("manifest");
  const model = args.text("model");
  const asked = model === undefined ? {} : { model };
  if (path === undefined) return profileManifestSchema.parse(asked);
  const text = readManifestText(resolve(host.cwd, path));
  const read = parseYaml(text, profileManifestSchema);
  if (read.ok) return { ...read.data, ...asked };
  const lines = read.problems.map((one) => `${one.path}: ${one.message} (${path}:${one.line})`);
  throw cliErrors.make("LL_CLI_MANIFEST", `--manifest ${lines.join("; ")}.`);
}

function readManifestText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const reason = codeOf(cause, "unreadable");
    throw cliErrors.make("LL_CLI_FILE", `--manifest ${path}: cannot be read (${reason}).`, {
      cause,
    });
  }
}

/** `--api-key-env`, by name. */
export function keyOf(args: Args): Pick<LoadJob, "apiKeyEnv"> {
  const apiKeyEnv = args.text("api-key-env");
  return apiKeyEnv === undefined ? {} : { apiKeyEnv };
}

/** `--ab URL`. */
export function abOf(args: Args, given = args.text("ab")): Pick<LoadJob, "ab" | "triples"> {
  if (given === undefined) return {};
  const base = apiBase(given);
  const asked = args.text("duration") === undefined ? 0 : durationOf(args);
  const triples = Math.max(triplesMin, Math.ceil(asked / tripleMs));
  return { ab: args.text("get") === undefined ? base : new URL(base).origin, triples };
}

/** `--threshold "metric: expression; metric: expression"`. */
export function thresholdsOf(args: Args): Record<string, ThresholdSpec[]> {
  const all: Record<string, ThresholdSpec[]> = {};
  for (const text of (args.text("threshold") ?? "").split(";")) {
    if (text.trim() === "") continue;
    // The colon of a tag stands inside braces.
    const found = /^((?:[^:{]|\{[^}]*\})+):(.+)$/s.exec(text);
    const [, selector, threshold] = found ?? [];
    if (selector === undefined || threshold === undefined) {
      const message = `--threshold ${text.trim()}: write it as "response_time: p(99)<2s".`;
      throw cliErrors.make("LL_CLI_VALUE", message);
    }
    (all[selector.trim()] ??= []).push({ threshold: threshold.trim() });
  }
  return all;
}

function requestOf(args: Args): NonNullable<Scenario["request"]> {
  const path = args.text("get");
  if (path !== undefined) {
    if (!path.startsWith("/"))
      throw cliErrors.make("LL_CLI_VALUE", "--get takes a path such as /x.");
    return { kind: "http", method: "GET", path };
  }
  const model = args.text("model") ?? "";
  return { kind: "chat", model, prompts, maxTokens: 8, stream: args.has("stream") };
}

/** `--duration`, default 30 s. */
export function durationOf(args: Args): number {
  const duration = args.text("duration");
  return duration === undefined ? durationDefaultMs : parseDurationMs("duration", duration);
}

/** Requests per second of `--rate`. */
export function rateOf(args: Args): number | undefined {
  const text = args.text("rate");
  if (text === undefined) return undefined;
  const rate = Number(text);
  if (/^\d{1,6}(\.\d{1,3})?$/.test(text) && rate > 0) return rate;
  throw cliErrors.make("LL_CLI_VALUE", "--rate is a number above 0, requests per second.");
}

function scenarioOf(args: Args): Scenario {
  const rate = rateOf(args);
  const users = args.count("users", { min: 1, max: 1_000_000 });
  const ladder = args.list("ladder").map(userCount);
  const given = [rate, users, ladder[0]].filter((one) => one !== undefined).length;
  if (given > 1) throw cliErrors.make("LL_CLI_VALUE", "Give one of --rate, --users and --ladder.");
  const isSearch = args.has("find-peak");
  if (isSearch && (users ?? ladder[0]) !== undefined) {
    const message = "--find-peak looks for a rate: it takes no --users and no --ladder.";
    throw cliErrors.make("LL_CLI_VALUE", message);
  }
  const durationMs = durationOf(args);
  const request = requestOf(args);
  const shared = { request, warmupMs: Math.min(warmupMsMax, durationMs / 10) };
  if (ladder.length > 0) {
    const hold = args.text("duration") === undefined ? heldByClaims : { holdMs: durationMs };
    return { request, executor: "ladder", users: ladder, ...hold };
  }
  if (isSearch) {
    const pass = { limitMs: peakLimitMs };
    const startRate = rate ?? rateDefault;
    return { request, executor: "find-peak", startRate, rateMax: 50_000, stepMs: durationMs, pass };
  }
  if (users !== undefined) return { ...shared, executor: "constant-vus", vus: users, durationMs };
  const arrivals = "poisson";
  const executor = "constant-arrival-rate";
  return { ...shared, executor, rate: rate ?? rateDefault, durationMs, arrivals };
}

function userCount(text: string): number {
  const users = Number(text);
  if (/^\d{1,6}$/.test(text) && users >= 1) return users;
  throw cliErrors.make("LL_CLI_VALUE", "--ladder is a list of user counts such as 5,20,100.");
}
