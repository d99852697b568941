import { unsentPart } from "@loadline/kit/egress";
import { loadErrors } from "../errors.ts";
import type { LoadLimit, LoadPlan } from "../types.ts";
import { checkScenario, loadCaps } from "./check-scenario.ts";
import { isLoopback } from "./loopback.ts";
import { peakOf } from "./peak.ts";
import { stepNames } from "./step-names.ts";
import { above, invalid } from "./refusal.ts";

/** A threshold on all of many scenarios is one limit for each. */
const limitsMax = 512;
export const workersMax = 64;
export const processesMax = 16;

/** Throws LL_LOAD_PLAN_INVALID, LL_LOAD_HOST_REFUSED or LL_LOAD_ABOVE_CAP. */
export function checkLoadPlan(plan: LoadPlan): URL {
  const url = checkTarget(plan);
  const scenarios = Object.entries(plan.scenarios);
  if (scenarios.length === 0) throw invalid("scenarios", "is empty");
  if (scenarios.length > 64) throw above("scenarios", "64 scenarios");
  for (const [name, scenario] of scenarios) {
    checkScenario(`scenarios.${name}`, scenario, plan.aboveCaps === true);
  }
  if (plan.aboveCaps !== true) checkHeight(plan);
  count("workers", plan.workers === "auto" ? 1 : (plan.workers ?? 1), workersMax);
  count("processes", plan.processes ?? 1, processesMax);
  if (plan.limits.length > limitsMax) throw above("limits", `${limitsMax} limits`);
  plan.limits.forEach((limit, i) => checkLimit(`limits[${i}]`, limit, plan));
  return url;
}

/** Many scenarios within the caps may be above them together. */
function checkHeight(plan: LoadPlan): void {
  const { users, perSecond } = peakOf(plan);
  const { rate, vus } = loadCaps;
  if (perSecond > rate) throw above("scenarios", `${rate} iterations per second, together`);
  if (users > vus) throw above("scenarios", `${vus} users, together`);
}

function count(path: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1) throw invalid(path, "is not a whole number >= 1");
  if (value > max) throw above(path, String(max));
}

function checkTarget(plan: LoadPlan): URL {
  if (!URL.canParse(plan.target.baseUrl)) throw invalid("target.baseUrl", "is not a URL");
  const url = new URL(plan.target.baseUrl);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw invalid("target.baseUrl", "is neither http nor https");
  }
  const unsent = unsentPart(url);
  if (unsent !== null) throw invalid("target.baseUrl", `carries ${unsent}; a key is target.auth`);
  if (!isLoopback(url.hostname) && !(plan.target.allowHosts ?? []).includes(url.hostname)) {
    throw loadErrors.make("LL_LOAD_HOST_REFUSED", `${url.hostname} is not an allowed host.`);
  }
  return url;
}

function checkLimit(path: string, limit: LoadLimit, plan: LoadPlan): void {
  const scenario = plan.scenarios[limit.scenario];
  if (scenario === undefined) throw invalid(`${path}.scenario`, `${limit.scenario} is unknown`);
  const { step } = limit;
  if (step !== undefined && !stepNames(limit.scenario, scenario).includes(step)) {
    throw invalid(`${path}.step`, `${step} is unknown`);
  }
  const counted = ["errors", "good", "retry_after", "figure"].includes(limit.metric);
  if (!counted && !(limit.limitMs !== undefined && limit.limitMs > 0)) {
    throw invalid(`${path}.limitMs`, "is missing or not positive");
  }
  const q = limit.quantile;
  if (q !== undefined && !(q > 0 && q < 1)) throw invalid(`${path}.quantile`, "is not in 0..1");
  if (limit.metric === "good" && limit.slo === undefined)
    throw invalid(`${path}.slo`, "is missing");
}
