import {
  fullPlan,
  isTargetLoad,
  loadPlanFile,
  planFileSchema,
  planOfRun,
  quickPlan,
  readStackSecrets,
  stageNames,
} from "@loadline/validator";
import type { PlanFile } from "@loadline/validator";
import type { RunPlan } from "@loadline/contract";
import { unsentPart } from "@loadline/kit/egress";
import { meant } from "@loadline/kit/nearest";
import { dirname, resolve } from "node:path";
import { withDemandsOf, withWaivers } from "./accepted.ts";
import type { Args } from "./args.ts";
import { cliErrors } from "./errors.ts";
import type { CliHost } from "./process/host.ts";

type StageName = (typeof stageNames)[number];

/** A plan as a command line asks for it. */
export interface WantedPlan {
  readonly plan: RunPlan;
  readonly file?: PlanFile;
  readonly planText?: string;
  readonly apiKey?: string;
  /** Keys of a plan with several targets, by their names. */
  readonly apiKeys?: ReadonlyMap<string, string>;
  /** Credentials of the plan's stack, by reference. */
  readonly stackSecrets?: ReadonlyMap<string, string>;
}

/** The plan of `--plan F` or `--target URL` as it is written: no key and no credential is read. */
export async function readPlanAlone(
  host: CliHost,
  args: Args,
  skip: readonly StageName[] = [],
): Promise<WantedPlan> {
  const path = args.text("plan");
  const target = args.text("target");
  if ((path === undefined) === (target === undefined)) {
    throw cliErrors.make("LL_CLI_ARGUMENT", "Give one of --target URL and --plan FILE.");
  }
  const skipped = [...new Set([...skip, ...args.list("skip").map(parseStage)])];
  return path === undefined
    ? { plan: planOfTarget(args, target ?? "", skipped) }
    : planOfFile(resolve(host.cwd, path), skipped, profileOf(args));
}

/** The plan of `--plan F` or `--target URL`, with the stages of `skip` left out. */
export async function readWantedPlan(
  host: CliHost,
  args: Args,
  skip: readonly StageName[] = [],
): Promise<WantedPlan> {
  const path = args.text("plan");
  const given = await readPlanAlone(host, args, skip);
  const accepted = { ...given, plan: withWaivers(host, args, given, path) };
  const wanted = { ...accepted, plan: withDemandsOf(host, args, accepted, path) };
  const keys = readApiKeys(host, args, wanted.plan);
  const folder = path === undefined ? host.cwd : dirname(resolve(host.cwd, path));
  const stackSecrets = await secretsOf(host, wanted.plan, folder);
  return {
    ...wanted,
    ...keys,
    ...(stackSecrets === undefined ? {} : { stackSecrets }),
  };
}

/** Flags that change a plan, which a run that goes on has already. */
const planFlags = ["plan", "target", "model", "skip", "profile", "waivers", "use", "gates"];

/** The plan of an interrupted run, with the key and the credentials it needs to go on. */
export async function readResumedPlan(
  host: CliHost,
  args: Args,
  path: string,
): Promise<WantedPlan> {
  if (planFlags.some((name) => args.text(name) !== undefined)) {
    const message = "--resume goes on with the plan of its run; leave the other plan options out.";
    throw cliErrors.make("LL_CLI_ARGUMENT", message);
  }
  const plan = await planOfRun(path);
  const keys = readApiKeys(host, args, plan);
  const stackSecrets = await secretsOf(host, plan, host.cwd);
  return {
    plan,
    ...keys,
    ...(stackSecrets === undefined ? {} : { stackSecrets }),
  };
}

/** Only a plan that checks or loads its stack needs the credentials of it. */
async function secretsOf(host: CliHost, plan: RunPlan, folder: string) {
  const stack = planFileSchema.shape.stack.safeParse(plan.stages["stack"]).data;
  if (stack === undefined) return undefined;
  const { skip, loads } = plan.stages;
  const isLoaded =
    Array.isArray(loads) &&
    loads.map(String).some((name) => !isTargetLoad(name) && !/^(.+\.)?chat$/.test(name));
  const isUsed = (stage: string, uses: boolean): boolean =>
    uses && !(Array.isArray(skip) && skip.includes(stage));
  if (!isUsed("stack", true) && !isUsed("load", isLoaded)) return undefined;
  return readStackSecrets(stack, { env: host.env, folder });
}

function planOfTarget(args: Args, target: string, skip: readonly StageName[]): RunPlan {
  const apiKeyEnv = args.text("api-key-env");
  const model = args.text("model");
  const make = args.text("profile") === "full" ? fullPlan : quickPlan;
  return make({
    baseUrl: apiBase(target),
    skip: [...skip],
    ...(apiKeyEnv === undefined ? {} : { apiKeyEnv }),
    ...(model === undefined ? {} : { model }),
  });
}

/** `--profile`, where it is one of a validation. */
function profileOf(args: Args): PlanFile["profile"] | undefined {
  const text = args.text("profile");
  return text === "quick" || text === "full" ? text : undefined;
}

async function planOfFile(
  path: string,
  skip: readonly StageName[],
  profile: PlanFile["profile"] | undefined,
): Promise<WantedPlan> {
  const { plan, text, file } = await loadPlanFile(path, profile);
  const stages = { ...plan.stages, skip: [...new Set([...file.skip, ...skip])] };
  return { plan: { ...plan, stages }, planText: text, file };
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Ends of a path that no base has; of the short ones only below a version, others may be mounts. */
const routes = /\/chat\/completions$|(?<=\/v\d+)\/(completions|embeddings|models)$/;

/** Refuses an address with what is not sent: it would be kept in every record of the command. */
export function refuseUnsent(target: string): void {
  if (!URL.canParse(target)) return;
  const unsent = unsentPart(new URL(target));
  if (unsent === null) return;
  const message = `--target carries ${unsent}, which is not sent; a key is given by --api-key-env.`;
  throw cliErrors.make("LL_CLI_VALUE", message);
}

/** An address without a path gets `/v1`, where OpenAI-shaped servers have their routes. */
export function apiBase(target: string): string {
  if (!isHttp(target)) {
    // Before an @ may stand a password, after a ? a key, which no message repeats.
    const told = target.replace(/[?#].*$/s, "");
    const said = target.includes("@") ? "" : ` ${told}`;
    const meantUrl = `http://${told}`;
    const isMeant = said !== "" && !target.includes("://") && isHttp(meantUrl);
    const hint = isMeant ? ` Did you mean "${meantUrl}"?` : "";
    throw cliErrors.make("LL_CLI_VALUE", `--target${said}: not an http or https address.${hint}`);
  }
  const url = new URL(target);
  if (unsentPart(url) === "a user or password") refuseUnsent(target);
  const path = url.pathname.replace(/\/+$/, "");
  const base = path.replace(routes, "");
  if (base !== path) {
    const asked = `${url.origin}${path}`;
    const message = `--target ${asked}: one route of an API. Did you mean "${url.origin}${base}"?`;
    throw cliErrors.make("LL_CLI_VALUE", message);
  }
  refuseUnsent(target);
  return `${url.origin}${path === "" ? "/v1" : path}`;
}

function parseStage(text: string): StageName {
  const found = stageNames.find((name) => name === text);
  if (found !== undefined) return found;
  const known = `--skip takes ${stageNames.join(", ")}`;
  throw cliErrors.make("LL_CLI_VALUE", `${text}: ${known}.${meant(text, stageNames)}`);
}

const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The key in a variable. @throws LL_CLI_KEY_MISSING, LL_CLI_VALUE for one that no header carries */
export function readKey(host: CliHost, name: string): string {
  const key = host.env[name];
  if (key === undefined || key === "") {
    throw cliErrors.make("LL_CLI_KEY_MISSING", `The variable ${name} is not set.`);
  }
  if (headerValue.test(key)) return key;
  const why = "holds a line break or another character that no header carries";
  throw cliErrors.make("LL_CLI_VALUE", `The variable ${name} ${why}.`);
}

/** The key of the plan's target, or of several each its own, from the variables they name. */
function readApiKeys(
  host: CliHost,
  args: Args,
  plan: RunPlan,
): Pick<WantedPlan, "apiKey" | "apiKeys"> {
  const flag = args.text("api-key-env");
  const { target, targets } = planFileSchema.shape;
  const several = targets.safeParse(plan.stages["targets"]).data;
  if (several === undefined) {
    const name = flag ?? target.safeParse(plan.stages["target"]).data?.apiKeyEnv;
    return name === undefined ? {} : { apiKey: readKey(host, name) };
  }
  if (flag !== undefined) {
    const message = "--api-key-env is of one target; each of `targets` names its own `apiKeyEnv`.";
    throw cliErrors.make("LL_CLI_ARGUMENT", message);
  }
  const keys = Object.entries(several).flatMap(([name, { apiKeyEnv }]) =>
    apiKeyEnv === undefined ? [] : [[name, readKey(host, apiKeyEnv)] as const],
  );
  return { apiKeys: new Map(keys) };
}
