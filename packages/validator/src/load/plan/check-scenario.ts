import type {
  FindPeakScenario,
  LadderScenario,
  LoadRequest,
  OpenScenario,
  Scenario,
} from "../scenario-types.ts";
import { blocksMax } from "../record/blocks.ts";
import { durationOf } from "./duration.ts";
import { above, invalid } from "./refusal.ts";

/** Safety caps: above them nothing is sent. */
export const loadCaps = {
  rate: 50_000,
  vus: 20_000,
  durationMs: 24 * 3_600_000,
  /** The hash walks the whole schedule before the first request. */
  arrivals: 20_000_000,
} as const;

const ladderSizesMax = 32;
const roundsMax = 100;
const peakStepsMax = 100;
const burstinessMax = 1000;

/** Throws LL_LOAD_PLAN_INVALID or, unless `anyCaps`, LL_LOAD_ABOVE_CAP. */
export function checkScenario(path: string, scenario: Scenario, anyCaps: boolean): void {
  const check = new ScenarioCheck(path, anyCaps);
  check.terms(scenario);
  const durationMs = durationOf(scenario);
  check.positive("durationMs", durationMs, loadCaps.durationMs);
  check.shared(scenario, durationMs);
  if ((scenario.request === undefined) === (scenario.exec === undefined)) {
    throw invalid(path, "needs either `request` or `exec`");
  }
  if (scenario.request !== undefined) checkRequest(path, scenario.request, scenario.executor);
  if (scenario.exec?.kind !== "mix") return;
  const { parts } = scenario.exec;
  const weights = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (!(weights > 0 && parts.every(({ weight }) => weight >= 0 && Number.isFinite(weight)))) {
    throw invalid(`${path}.exec.parts`, "have weights that sum to 0 or are negative");
  }
}

function checkRequest(path: string, request: LoadRequest, executor: Scenario["executor"]): void {
  if (request.kind !== "http") {
    const given = (request.messages?.length ?? 0) > 0 ? 1 : 0;
    const picked = (request.prompts?.length ?? 0) > 0 ? 1 : 0;
    // A trace brings its prompts; a session has messages that come before its prompts.
    const asks = executor === "trace-replay" || (executor === "sessions" && picked === 1);
    if (given + picked !== 1 && !asks)
      throw invalid(`${path}.request`, "needs `messages` or `prompts`");
  } else if (!request.path.startsWith("/")) {
    throw invalid(`${path}.request.path`, "does not start with /");
  }
}

class ScenarioCheck {
  readonly #path: string;
  readonly #anyCaps: boolean;

  constructor(path: string, anyCaps: boolean) {
    this.#path = path;
    this.#anyCaps = anyCaps;
  }

  terms(scenario: Scenario): void {
    switch (scenario.executor) {
      case "constant-arrival-rate":
      case "sessions":
      case "ramping-arrival-rate":
      case "trace-replay":
      case "find-peak":
        this.#open(scenario);
        return;
      case "ramping-vus":
        this.#stages(scenario.stages, loadCaps.vus, true);
        this.whole("startVus", scenario.startVus ?? 0, 0);
        return;
      case "ladder":
        this.#ladder(scenario);
        return;
      case "constant-vus":
        this.whole("vus", scenario.vus, 1);
        return;
      default:
        this.whole("vus", scenario.vus, 1);
        this.#count("iterations", scenario.iterations, 1);
    }
  }

  shared(scenario: Scenario, durationMs: number): void {
    const warmupMs = scenario.warmupMs ?? 0;
    if (!(warmupMs >= 0 && warmupMs < durationMs)) {
      throw invalid(`${this.#path}.warmupMs`, "is not shorter than the scenario");
    }
    const { blockMs } = scenario;
    if (blockMs !== undefined) {
      this.positive("blockMs", blockMs, loadCaps.durationMs);
      this.#cap("blockMs", Math.ceil(durationMs / blockMs), blocksMax, `${blocksMax} blocks`);
    }
    const { startMs = 0, gracefulStopMs = 0 } = scenario;
    this.#least("startMs", startMs, 0);
    this.#cap("startMs", startMs + durationMs, loadCaps.durationMs, "24 h until it ends");
    this.#least("gracefulStopMs", gracefulStopMs, 0);
    this.#cap("gracefulStopMs", gracefulStopMs, loadCaps.durationMs, "24 h");
  }

  positive(field: string, value: number, max: number): void {
    if (!(value > 0)) throw invalid(`${this.#path}.${field}`, "is not positive");
    this.#cap(field, value, max, String(max));
  }

  whole(field: string, value: number, min: number): void {
    this.#count(field, value, min);
    this.#cap(field, value, loadCaps.vus, `${loadCaps.vus} users`);
  }

  #open(scenario: OpenScenario): void {
    if (scenario.arrivals === "gamma") {
      this.positive("burstiness", scenario.burstiness ?? 1, burstinessMax);
    }
    if (scenario.maxVus !== undefined) this.whole("maxVus", scenario.maxVus, 1);
    this.whole("preAllocatedVus", scenario.preAllocatedVus ?? 0, 0);
    const planned = this.#arrivals(scenario);
    this.#cap("", planned, loadCaps.arrivals, `${loadCaps.arrivals} arrivals`);
  }

  /** Arrivals in all, its terms checked on the way. */
  #arrivals(scenario: OpenScenario): number {
    if (scenario.executor === "trace-replay") {
      this.positive("speed", scenario.speed ?? 1, 1e6);
      return scenario.trace.atMs.length;
    }
    if (scenario.executor === "find-peak") return this.#peak(scenario);
    if (scenario.executor === "ramping-arrival-rate") {
      this.#least("startRate", scenario.startRate ?? 0, 0);
      this.#stages(scenario.stages, loadCaps.rate, false);
      const most = Math.max(scenario.startRate ?? 0, ...scenario.stages.map((s) => s.target));
      if (!(most > 0)) throw invalid(`${this.#path}.stages`, "never reach a rate above 0");
      return (most * durationOf(scenario)) / 1000;
    }
    this.positive("rate", scenario.rate, loadCaps.rate);
    if (scenario.executor === "sessions") this.#count("turns", scenario.turns, 1);
    else if (scenario.sine !== undefined) {
      this.positive("sine.periodMs", scenario.sine.periodMs, loadCaps.durationMs);
      const { amplitude } = scenario.sine;
      if (!(amplitude >= 0 && amplitude <= scenario.rate)) {
        throw invalid(`${this.#path}.sine.amplitude`, "is not between 0 and the rate");
      }
    }
    return (scenario.rate * scenario.durationMs) / 1000;
  }

  #peak(scenario: FindPeakScenario): number {
    this.positive("startRate", scenario.startRate, loadCaps.rate);
    this.positive("rateMax", scenario.rateMax, loadCaps.rate);
    this.positive("stepMs", scenario.stepMs, loadCaps.durationMs);
    this.positive("pass.limitMs", scenario.pass.limitMs, loadCaps.durationMs);
    const share = scenario.pass.share ?? 0.99;
    if (!(share > 0 && share < 1)) throw invalid(`${this.#path}.pass.share`, "is not in 0..1");
    if (scenario.rateMax < scenario.startRate) {
      throw invalid(`${this.#path}.rateMax`, "is below startRate");
    }
    if (scenario.stepsMax !== undefined) {
      this.#count("stepsMax", scenario.stepsMax, 2);
      this.#cap("stepsMax", scenario.stepsMax, peakStepsMax, `${peakStepsMax} steps`);
    }
    return (scenario.rateMax * scenario.stepMs) / 1000;
  }

  #ladder(scenario: LadderScenario): void {
    const { users, rounds = 3 } = scenario;
    if (users.length === 0) throw invalid(`${this.#path}.users`, "is empty");
    if (new Set(users).size !== users.length) {
      throw invalid(`${this.#path}.users`, "names a number twice");
    }
    this.#cap("users", users.length, ladderSizesMax, `${ladderSizesMax} sizes`);
    users.forEach((count, i) => this.whole(`users[${i}]`, count, 1));
    this.#count("rounds", rounds, 1);
    this.#cap("rounds", rounds, roundsMax, `${roundsMax} rounds`);
    this.positive("holdMs", scenario.holdMs, loadCaps.durationMs);
    const settleMs = scenario.settleMs ?? 0;
    const isShorter = scenario.holdBy !== undefined || settleMs < scenario.holdMs;
    if (!(settleMs >= 0 && isShorter)) {
      throw invalid(`${this.#path}.settleMs`, "is not shorter than holdMs");
    }
  }

  #stages(
    stages: readonly { durationMs: number; target: number }[],
    max: number,
    whole: boolean,
  ): void {
    if (stages.length === 0) throw invalid(`${this.#path}.stages`, "is empty");
    stages.forEach((stage, i) => {
      this.positive(`stages[${i}].durationMs`, stage.durationMs, loadCaps.durationMs);
      if (whole) this.#count(`stages[${i}].target`, stage.target, 0);
      else this.#least(`stages[${i}].target`, stage.target, 0);
      this.#cap(`stages[${i}].target`, stage.target, max, String(max));
    });
  }

  #count(field: string, value: number, min: number): void {
    if (!Number.isInteger(value) || value < min) {
      throw invalid(`${this.#path}.${field}`, `is not a whole number >= ${min}`);
    }
  }

  #least(field: string, value: number, min: number): void {
    if (!(value >= min && Number.isFinite(value))) {
      throw invalid(`${this.#path}.${field}`, `is not a number >= ${min}`);
    }
  }

  #cap(field: string, value: number, max: number, cap: string): void {
    const path = field === "" ? this.#path : `${this.#path}.${field}`;
    if (value > max && !this.#anyCaps) throw above(path, cap);
  }
}
