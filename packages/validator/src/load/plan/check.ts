import { loadErrors } from "../errors.ts";
import type { LoadLimit, LoadPlan, LoadRequest, Scenario } from "../types.ts";

/** Safety caps: above them nothing is sent. */
export const loadCaps = {
  rate: 50_000,
  vus: 20_000,
  durationMs: 24 * 3_600_000,
  /** The hash walks the whole schedule before the first request. */
  arrivals: 20_000_000,
} as const;

/** Throws LL_LOAD_PLAN_INVALID, LL_LOAD_HOST_REFUSED or LL_LOAD_ABOVE_CAP. */
export function checkLoadPlan(plan: LoadPlan): URL {
  const url = checkTarget(plan);
  const scenarios = Object.entries(plan.scenarios);
  if (scenarios.length === 0) throw invalid("scenarios", "is empty");
  if (scenarios.length > 64) throw above("scenarios", "64 scenarios");
  for (const [name, scenario] of scenarios) checkScenario(`scenarios.${name}`, scenario);
  if (plan.limits.length > 64) throw above("limits", "64 limits");
  plan.limits.forEach((limit, i) => checkLimit(`limits[${i}]`, limit, plan));
  return url;
}

/** Planned length of a scenario in ms, its start and drain not counted. */
export function durationOf(scenario: Scenario): number {
  if (scenario.executor !== "ramping-vus") return scenario.durationMs;
  return scenario.stages.reduce((sum, stage) => sum + stage.durationMs, 0);
}

function checkTarget(plan: LoadPlan): URL {
  if (!URL.canParse(plan.target.baseUrl)) throw invalid("target.baseUrl", "is not a URL");
  const url = new URL(plan.target.baseUrl);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw invalid("target.baseUrl", "is neither http nor https");
  }
  if (!isLoopback(url.hostname) && !(plan.target.allowHosts ?? []).includes(url.hostname)) {
    throw loadErrors.make("LL_LOAD_HOST_REFUSED", `${url.hostname} is not an allowed host.`);
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

function checkScenario(path: string, scenario: Scenario): void {
  const durationMs = durationOf(scenario);
  positive(`${path}.durationMs`, durationMs, loadCaps.durationMs);
  if (scenario.executor === "constant-arrival-rate") {
    positive(`${path}.rate`, scenario.rate, loadCaps.rate);
    const arrivals = (scenario.rate * durationMs) / 1000;
    if (arrivals > loadCaps.arrivals) throw above(path, `${loadCaps.arrivals} arrivals`);
  } else if (scenario.executor === "constant-vus") {
    whole(`${path}.vus`, scenario.vus, 1);
  } else {
    scenario.stages.forEach((stage, i) => {
      positive(`${path}.stages[${i}].durationMs`, stage.durationMs, loadCaps.durationMs);
      whole(`${path}.stages[${i}].target`, stage.target, 0);
    });
  }
  const warmupMs = scenario.warmupMs ?? 0;
  if (!(warmupMs >= 0 && warmupMs < durationMs)) {
    throw invalid(`${path}.warmupMs`, "is not shorter than the scenario");
  }
  if ((scenario.request === undefined) === (scenario.exec === undefined)) {
    throw invalid(path, "needs either `request` or `exec`");
  }
  if (scenario.request !== undefined) checkRequest(path, scenario.request);
}

function checkRequest(path: string, request: LoadRequest): void {
  if (request.kind !== "http") {
    const given = (request.messages?.length ?? 0) > 0 ? 1 : 0;
    const picked = (request.prompts?.length ?? 0) > 0 ? 1 : 0;
    if (given + picked !== 1) throw invalid(`${path}.request`, "needs `messages` or `prompts`");
  } else if (!request.path.startsWith("/")) {
    throw invalid(`${path}.request.path`, "does not start with /");
  }
}

function checkLimit(path: string, limit: LoadLimit, plan: LoadPlan): void {
  const scenario = plan.scenarios[limit.scenario];
  if (scenario === undefined) throw invalid(`${path}.scenario`, `${limit.scenario} is unknown`);
  const counted = limit.metric === "errors" || limit.metric === "good";
  if (!counted && !(limit.limitMs !== undefined && limit.limitMs > 0)) {
    throw invalid(`${path}.limitMs`, "is missing or not positive");
  }
  const q = limit.quantile;
  if (q !== undefined && !(q > 0 && q < 1)) throw invalid(`${path}.quantile`, "is not in 0..1");
  if (limit.metric === "good" && limit.slo === undefined)
    throw invalid(`${path}.slo`, "is missing");
}

function positive(path: string, value: number, max: number): void {
  if (!(value > 0)) throw invalid(path, "is not positive");
  if (value > max) throw above(path, String(max));
}

function whole(path: string, value: number, min: number): void {
  if (!Number.isInteger(value) || value < min)
    throw invalid(path, `is not a whole number >= ${min}`);
  if (value > loadCaps.vus) throw above(path, `${loadCaps.vus} users`);
}

function invalid(path: string, what: string): Error {
  return loadErrors.make("LL_LOAD_PLAN_INVALID", `load.${path} ${what}.`);
}

function above(path: string, cap: string): Error {
  return loadErrors.make("LL_LOAD_ABOVE_CAP", `load.${path} is above the cap of ${cap}.`);
}
