import { meant } from "@loadline/kit/nearest";
import type { ExecSpec, LoadRequest, MixPart, StepName } from "../scenario-types.ts";
import type { FeedPlan } from "../scenario/feed/feed.ts";
import { keysWithPlaces, parseTemplate, textsIn, type TemplateRef } from "../scenario/template.ts";
import { llmRequestOf } from "../scenario/steps/llm-request.ts";
import { checksIn } from "./check-steps.ts";
import { declareSteps } from "./declare-steps.ts";
import type { Faults } from "./faults.ts";
import { moduleOf } from "./module-ref.ts";
import type { Modules } from "./modules.ts";
import type { ScenarioFile } from "./scenario-schema.ts";
import { type HttpStep, kindOf, type Step } from "./step-schema.ts";

/** What an iteration may refer to. */
export interface IterationContext {
  readonly modules: Modules;
  readonly faults: Faults;
  readonly feed: FeedPlan | null;
  readonly env: Readonly<Record<string, string>>;
  readonly model: string | null;
  /** Services the target tells how to speak to. */
  readonly services: readonly string[];
}

/** What an iteration does, and the names of its requests. */
export interface CompiledIteration {
  readonly exec?: ExecSpec;
  readonly request?: LoadRequest;
  readonly steps: readonly StepName[];
  /** Checks its steps make, by name. */
  readonly checks: readonly string[];
}

type What = Pick<ScenarioFile, "exec" | "steps" | "request" | "mix" | "requests">;

/** Compiles what a scenario does. Faults are noted; LL_LOAD_SCENARIO_IMPORT for an absent module. */
export async function compileIteration(
  name: string,
  what: What,
  path: readonly PropertyKey[],
  context: IterationContext,
): Promise<CompiledIteration> {
  const ways = [what.exec, what.steps, what.request, what.mix];
  if (ways.filter((one) => one !== undefined).length !== 1) {
    context.faults.add(path, "needs exactly one of `exec`, `steps`, `request`, `mix`");
  }
  if (what.request !== undefined) {
    return compileRequest(name, what.request, [...path, "request"], context);
  }
  if (what.mix !== undefined) return await compileMix(what.mix, [...path, "mix"], context);
  if (what.steps !== undefined) return compileSteps(what.steps, [...path, "steps"], context);
  return await compileModule(name, what, [...path, "exec"], context);
}

/** One request, the same for each iteration but for the prompt it picks. */
function compileRequest(
  name: string,
  step: Step,
  path: readonly PropertyKey[],
  context: IterationContext,
): CompiledIteration {
  const { faults, model } = context;
  for (const { text, path: at } of textsIn(step, path)) {
    const parts = parseTemplate(text);
    if (typeof parts === "string") faults.add(at, parts);
    else if (parts.some((part) => typeof part !== "string")) {
      faults.add(at, "has a value of the moment: write it as `steps`");
    }
  }
  checkKeys(step, path, faults);
  if (step.when !== undefined)
    faults.add([...path, "when"], "nothing comes before the one request");
  if (typeof step.http === "object" && step.http.timeout !== undefined) {
    faults.add([...path, "http", "timeout"], "write it as `steps`, or set load.timeouts");
  }
  const asked = Object.values(step.llm ?? {}).find((one) => one !== undefined);
  if (asked !== undefined && asked.model === undefined && model === null) {
    faults.add([...path, "llm"], "names no model, and target.model is not set");
  }
  const steps = [{ name: step.name ?? name }];
  return { request: requestOf(step, model ?? ""), steps, checks: [] };
}

function requestOf({ http, llm }: Step, model: string): LoadRequest {
  if (llm !== undefined) return llmRequestOf(llm, model);
  const r: HttpStep = typeof http === "object" ? http : { path: http ?? "/" };
  const body = r.json === undefined ? r.body : JSON.stringify(r.json);
  const json = r.json === undefined ? {} : { "content-type": "application/json" };
  return {
    kind: "http",
    method: r.method ?? (body === undefined ? "GET" : "POST"),
    path: r.path,
    headers: { ...json, ...r.headers },
    ...(body !== undefined && { body }),
    ...(r.expect !== undefined && { expectStatus: r.expect.status }),
  };
}

async function compileModule(
  name: string,
  what: What,
  path: readonly PropertyKey[],
  { modules, faults }: IterationContext,
): Promise<CompiledIteration> {
  const ref = moduleOf(what.exec ?? "#");
  const names = [name, ...(what.requests ?? [])].map((one) => ({ name: one }));
  const digest = ref.file === "" ? "" : await modules.find(ref, name, path, faults);
  return { exec: { kind: "module", ...ref, digest }, steps: names, checks: [] };
}

async function compileMix(
  mix: NonNullable<ScenarioFile["mix"]>,
  path: readonly PropertyKey[],
  context: IterationContext,
): Promise<CompiledIteration> {
  const parts: MixPart[] = [];
  const checks: string[] = [];
  for (const [name, part] of Object.entries(mix)) {
    const here = [...path, name];
    const given = [part.exec, part.steps].filter((one) => one !== undefined).length;
    if (given !== 1) context.faults.add(here, "needs either `exec` or `steps`");
    const one = await compileIteration(name, part, here, context);
    const { exec, steps } = one;
    parts.push({ name, weight: part.weight, steps, ...(exec !== undefined && { exec }) });
    checks.push(...one.checks);
  }
  if (!parts.some(({ weight }) => weight > 0)) context.faults.add(path, "weights sum to 0");
  return { exec: { kind: "mix", parts }, steps: parts.flatMap((p) => p.steps ?? []), checks };
}

function compileSteps(
  steps: readonly Step[],
  path: readonly PropertyKey[],
  context: IterationContext,
): CompiledIteration {
  const declared = declareSteps(steps);
  const { faults, model } = context;
  if (declared.length === 0) faults.add(path, "no step sends anything");
  const names = new Set<string>();
  for (const { step, name, path: at } of declared) {
    if (names.has(name.name)) faults.add([...path, ...at, "name"], `${name.name} is used twice`);
    names.add(name.name);
    const asked = Object.values(step.llm ?? {}).find((one) => one !== undefined);
    if (asked !== undefined && asked.model === undefined && model === null) {
      faults.add([...path, ...at, "llm"], "names no model, and target.model is not set");
    }
  }
  for (const { step, path: at } of declared) {
    const kind = kindOf(step);
    const wants = typeof step.ws === "string" ? "rooms" : kind;
    if ((wants === "rag" || wants === "rooms") && !context.services.includes(wants)) {
      faults.add([...path, ...at, kind], `target.${wants} is not set`);
    }
  }
  for (const { text, path: at } of textsIn(steps, path)) checkTemplate(text, at, context);
  checkKeys(steps, path, faults);
  return {
    exec: { kind: "steps", data: steps },
    steps: declared.map(({ name }) => name),
    checks: checksIn(steps, path, faults),
  };
}

function checkKeys(value: unknown, path: readonly PropertyKey[], faults: Faults): void {
  for (const at of keysWithPlaces(value, path)) {
    faults.add(at, "a key is sent as it is written: nothing in it is filled");
  }
}

function checkTemplate(
  text: string,
  path: readonly PropertyKey[],
  context: IterationContext,
): void {
  const parts = parseTemplate(text);
  if (typeof parts === "string") {
    context.faults.add(path, parts);
    return;
  }
  for (const part of parts) {
    const problem = typeof part === "string" ? null : unknownRef(part, context);
    if (problem !== null) context.faults.add(path, problem);
  }
}

function unknownRef(ref: TemplateRef, { feed, env }: IterationContext): string | null {
  const among = (known: readonly string[], what: string): string | null => {
    if (known.includes(ref.name)) return null;
    return `no ${what} ${ref.name}.${meant(ref.name, known)}`;
  };
  if (ref.kind === "env") return among(Object.keys(env), "env");
  if (ref.kind !== "feed") return null;
  if (feed === null) return `\${feed.${ref.name}} needs \`feed\` in the scenario`;
  return feed.table === null ? null : among(feed.table.columns, `column in ${feed.source}:`);
}
