import { type Clock, systemClock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import { meant } from "@loadline/kit/nearest";
import { loadErrors } from "../errors.ts";
import type { Scenario } from "../scenario-types.ts";
import type { FeedPlan } from "../scenario/feed/feed.ts";
import { compileText, fillText, parseTemplate } from "../scenario/template.ts";
import type { MetricRow } from "../thresholds/metrics.ts";
import type { GoodSlo, LoadPlan } from "../types.ts";
import { checkLoadPlan } from "./check.ts";
import { compileIteration, type CompiledIteration } from "./compile-iteration.ts";
import { compileServices } from "./compile-services.ts";
import { compileScenario } from "./compile-scenario.ts";
import { checkThresholds } from "./check-thresholds.ts";
import { Faults, type Where } from "./faults.ts";
import { lintPlan } from "./lint.ts";
import type { LoadBlock } from "./load-schema.ts";
import { mlperfLimits } from "./mlperf.ts";
import { moduleOf } from "./module-ref.ts";
import { Modules } from "./modules.ts";
import { feedDigestOf, readFeeders, readTraceFile } from "./read-feeders.ts";
import { readSecrets } from "./secrets.ts";

/** What compiling a plan needs from outside. */
export interface CompileDeps {
  /** Bounds the import of modules, default the machine's. */
  readonly clock?: Clock;
  /** Absolute folder that the plan's paths are relative to. */
  readonly folder: string;
  /** The environment, for `${env:NAME}`. */
  readonly env: (name: string) => string | undefined;
  /** The target's base URL instead of the plan's. */
  readonly baseUrl?: string;
  /** Hosts allowed besides the plan's. */
  readonly allowHosts?: readonly string[];
  readonly aboveCaps?: boolean;
}

/** A threshold as written, its times in ms. */
export interface ThresholdFile {
  readonly threshold: string;
  readonly id?: string;
  readonly required?: boolean;
  readonly abortOnFail?: boolean;
  readonly delayAbortEvalMs?: number;
  readonly abortOn?: "evidence" | "point";
}

/** A plan, ready to be given claims and run. */
export interface LoadFile {
  /** The engine's input; `limits` are made from the thresholds by who runs it. */
  readonly plan: LoadPlan;
  readonly thresholds: Readonly<Record<string, readonly ThresholdFile[]>>;
  /** Metrics of the plan's own. */
  readonly metrics: readonly MetricRow[];
  /** What a good answer keeps. */
  readonly slo: GoodSlo | null;
  readonly confidence: number;
  readonly workers: number | "auto";
  readonly processes: number;
  readonly pacing: "pacer" | "timer" | "precise";
  readonly waive: LoadBlock["waive"];
  /** What of the target's side is sampled. */
  readonly observe: LoadBlock["observe"];
  /** Every check the plan declares: one that never runs is not tested. */
  readonly checks: readonly string[];
  /** What is allowed and still likely not meant, one sentence each. */
  readonly notes: readonly string[];
  /** Where a path of the plan stands, for later refusals. */
  readonly where: Where;
}

/**
 * Makes the engine's plan of a `load:` block: reads feeders, traces and secrets, sends nothing.
 * Rejects with LL_LOAD_PLAN_INVALID (every fault, with path and line), LL_LOAD_HOST_REFUSED,
 * LL_LOAD_ABOVE_CAP, LL_LOAD_FEED_INVALID, LL_LOAD_TRACE_INVALID, LL_LOAD_SECRET or
 * LL_LOAD_SCENARIO_IMPORT.
 */
export async function compileLoad(
  block: LoadBlock,
  deps: CompileDeps,
  where: Where,
): Promise<LoadFile> {
  const faults = new Faults(where);
  const modules = new Modules(deps.folder, deps.clock ?? systemClock());
  const feeds = await readFeeders(block.feeders, deps.folder);
  const scenarios: Record<string, Scenario> = {};
  const checks = new Set(block.checks);
  for (const [name, file] of Object.entries(block.scenarios)) {
    const path = ["load", "scenarios", name];
    const feed = feedOf(file.feed, feeds, [...path, "feed"], faults);
    const { folder } = deps;
    const model = block.target.model ?? null;
    const services = Object.keys(block.target);
    const context = { modules, faults, feed, env: file.env ?? {}, model, services };
    const iteration = await compileIteration(name, file, path, context);
    for (const check of iteration.checks) checks.add(check);
    const trace =
      file.executor === "trace-replay"
        ? await readTraceFile(file.trace, file.format, folder)
        : null;
    scenarios[name] = compileScenario(file, termsOf(file, iteration, feed), trace);
  }
  for (const [name, { generator }] of Object.entries(block.feeders)) {
    const path = ["load", "feeders", name, "generator"];
    if (generator !== undefined) await modules.find(moduleOf(generator), null, path, faults);
  }
  for (const hook of ["setup", "teardown"] as const) {
    const text = block[hook];
    if (text !== undefined) await modules.find(moduleOf(text), null, ["load", hook], faults);
  }
  const { tokenizer } = block.target;
  if (tokenizer !== undefined) {
    await modules.find(moduleOf(tokenizer), null, ["load", "target", "tokenizer"], faults);
  }
  checkAuth(block, faults);
  faults.done();
  const plan = await planOf(block, deps, { scenarios, feeds, faults });
  locate(() => checkLoadPlan(plan), faults);
  const thresholds = thresholdsOf(block);
  const slo = block.slo === undefined ? null : sloOf(block.slo);
  const metrics = metricsOf(block);
  checkThresholds({ ...block, thresholds, slo, scenarios, metrics, checks: [...checks] }, faults);
  return {
    plan,
    thresholds,
    metrics,
    slo,
    confidence: block.confidence,
    workers: block.workers,
    processes: block.processes,
    pacing: block.pacing,
    waive: block.waive,
    observe: block.observe,
    checks: [...checks],
    notes: lintPlan({ plan, thresholds }),
    where,
  };
}

function feedOf(
  name: string | undefined,
  feeds: Readonly<Record<string, FeedPlan>>,
  path: readonly PropertyKey[],
  faults: Faults,
): FeedPlan | null {
  if (name === undefined) return null;
  const feed = feeds[name];
  if (feed !== undefined) return feed;
  faults.add(path, `no feeder ${name}.${meant(name, Object.keys(feeds))}`);
  return null;
}

type ScenarioFile = LoadBlock["scenarios"][string];

function termsOf(file: ScenarioFile, iteration: CompiledIteration, feed: FeedPlan | null) {
  return {
    steps: iteration.steps,
    ...(iteration.exec !== undefined && { exec: iteration.exec }),
    ...(iteration.request !== undefined && { request: iteration.request }),
    startMs: file.startTime,
    warmupMs: file.warmup,
    gracefulStopMs: file.gracefulStop,
    ...(file.feed !== undefined && { feed: file.feed }),
    ...(feed !== null && { feedDigest: feedDigestOf(feed) }),
    ...(file.env !== undefined && { env: file.env }),
    ...(file.tags !== undefined && { tags: file.tags }),
    ...(file.http2 && { http2: true }),
  };
}

/** A credential is a reference, never the secret itself: plans are kept and shared. */
function checkAuth({ target }: LoadBlock, faults: Faults): void {
  const { bearer, header } = target.auth ?? {};
  const texts = [
    { text: bearer, path: ["load", "target", "auth", "bearer"] },
    { text: header?.value, path: ["load", "target", "auth", "header", "value"] },
  ];
  for (const { text, path } of texts) {
    if (text === undefined) continue;
    const parts = parseTemplate(text);
    const refers =
      typeof parts !== "string" &&
      parts.some((part) => typeof part !== "string" && part.kind === "secret");
    if (!refers) faults.add(path, "write ${env:NAME} or ${file:PATH}, not the secret itself");
  }
}

async function planOf(
  block: LoadBlock,
  deps: CompileDeps,
  o: {
    readonly scenarios: LoadPlan["scenarios"];
    readonly feeds: Readonly<Record<string, FeedPlan>>;
    readonly faults: Faults;
  },
): Promise<LoadPlan> {
  const { target } = block;
  const used = { target, scenarios: block.scenarios };
  const secrets = await readSecrets(used, ["load"], deps, o.faults);
  const scope = { feed: null, env: {}, setup: null, vu: 0, iteration: 0, session: 0, secrets };
  const fill = (text: string): string => fillText(compileText(text), scope);
  return {
    target: targetOf(target, deps, fill),
    seed: block.seed,
    scenarios: o.scenarios,
    limits: [],
    feeds: o.feeds,
    secrets,
    folder: deps.folder,
    hooks: {
      ...(block.setup !== undefined && { setup: moduleOf(block.setup) }),
      ...(block.teardown !== undefined && { teardown: moduleOf(block.teardown) }),
    },
    probe: true,
    workers: block.workers,
    processes: block.processes,
    timeouts: waitsOf(block),
    ...(block.precision === "high" && { precision: "high" }),
    ...(block.maxConnections !== undefined && { connectionsMax: block.maxConnections }),
    ...(deps.aboveCaps !== undefined && { aboveCaps: deps.aboveCaps }),
  };
}

function targetOf(
  target: LoadBlock["target"],
  deps: CompileDeps,
  fill: (text: string) => string,
): LoadPlan["target"] {
  const { bearer, header } = target.auth ?? {};
  const headers: Record<string, string> = {};
  for (const [key, value] of Object.entries(target.headers ?? {})) headers[key] = fill(value);
  if (header !== undefined) headers[header.name] = fill(header.value);
  return {
    baseUrl: deps.baseUrl ?? target.baseUrl,
    allowHosts: [...target.allowHosts, ...(deps.allowHosts ?? [])],
    headers,
    ...(bearer !== undefined && { apiKey: fill(bearer) }),
    ...(target.insecure && { insecure: true }),
    ...(target.model !== undefined && { model: target.model }),
    ...(target.tokenizer !== undefined && { tokenizer: moduleOf(target.tokenizer) }),
    ...compileServices(target, fill),
  };
}

function metricsOf(block: LoadBlock): MetricRow[] {
  return Object.entries(block.metrics).map(([name, { type, quantity, counts }]) => ({
    name,
    type,
    quantity,
    ...(counts !== undefined && { counts }),
  }));
}

function sloOf(slo: NonNullable<LoadBlock["slo"]>): GoodSlo {
  return {
    ...(slo.mlperf !== undefined && mlperfLimits[slo.mlperf]),
    ...(slo.responseTime !== undefined && { responseTimeMs: slo.responseTime }),
    ...(slo.ttft !== undefined && { ttftMs: slo.ttft }),
    ...(slo.tpot !== undefined && { tpotMs: slo.tpot }),
    ...(slo.e2e !== undefined && { e2eMs: slo.e2e }),
  };
}

function waitsOf({ timeouts: given = {} }: LoadBlock): NonNullable<LoadPlan["timeouts"]> {
  return {
    ...(given.connect !== undefined && { connectMs: given.connect }),
    ...(given.firstByte !== undefined && { firstByteMs: given.firstByte }),
    ...(given.idle !== undefined && { idleMs: given.idle }),
    ...(given.total !== undefined && { totalMs: given.total }),
  };
}

/** Fields of the engine whose name in a plan is another one than theirs without its unit. */
const writtenAs: Readonly<Record<string, string>> = {
  start: "startTime",
  startVus: "startVUs",
  maxVus: "maxVUs",
  preAllocatedVus: "preAllocatedVUs",
  rateMax: "maxRate",
  stepsMax: "maxSteps",
};

/** The engine names its own fields: the line of the field it came from is added. */
function locate(check: () => void, faults: Faults): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof LoadlineError)) throw error;
    const named = /^load\.([\w.[\]-]+?)(?:Ms)? /.exec(error.message)?.[1];
    const path =
      named === undefined ? ["target", "baseUrl"] : named.replace(/\[(\d+)\]/g, ".$1").split(".");
    const written = path.map((field) => writtenAs[field] ?? field);
    const message = faults.line(["load", ...written], error.message);
    const { code } = error;
    if (code === "LL_LOAD_HOST_REFUSED") throw loadErrors.make(code, message);
    if (code === "LL_LOAD_ABOVE_CAP") throw loadErrors.make(code, message);
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", message);
  }
}

function thresholdsOf(block: LoadBlock): Record<string, ThresholdFile[]> {
  const all: Record<string, ThresholdFile[]> = {};
  for (const [selector, given] of Object.entries(block.thresholds)) {
    all[selector] = (Array.isArray(given) ? given : [given]).map((one) => {
      if (typeof one === "string") return { threshold: one };
      const { delayAbortEval, id, required, abortOnFail, abortOn, threshold } = one;
      return {
        threshold,
        ...(id !== undefined && { id }),
        ...(required !== undefined && { required }),
        ...(abortOnFail !== undefined && { abortOnFail }),
        ...(abortOn !== undefined && { abortOn }),
        ...(delayAbortEval !== undefined && { delayAbortEvalMs: delayAbortEval }),
      };
    });
  }
  return all;
}
