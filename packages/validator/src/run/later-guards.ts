import { type EvidenceRecord, isReasonOf, type ReasonCode } from "@loadline/contract";
import type { HostFigures } from "../load/engine/host.ts";
import { timeoutOutcomes } from "../load/engine/flight.ts";
import { cleanView } from "../load/guards/clean-view.ts";
import { type JudgedGuard, judgeGuards } from "../load/guards/index.ts";
import type { LaterVerdict } from "../load/record/later-limit.ts";
import { openExecutors } from "../load/schedule/hash.ts";
import { isRecord } from "../probes/shapes.ts";

/** A verdict on a limit that no guard of the run was asked of. */
export interface LaterView {
  readonly scenario: string;
  /** Streams of the scenario's claims. */
  readonly streams: ReadonlySet<string>;
  readonly limitMs: number;
  /** 0..1 */
  readonly quantile: number;
  readonly verdict: LaterVerdict;
  readonly hardBad: number;
  /** Of `hardBad`, by outcome. */
  readonly badBy: Readonly<Record<string, number>>;
  readonly serviceMedianMs: number;
}

/** Why a later verdict is taken back; `guard` is null where the run recorded no generator. */
export interface LaterBreach {
  readonly guard: string | null;
  readonly reason: ReasonCode;
}

/**
 * The first guard that takes a later verdict back, null where none does: one that was breached for the
 * scenario in the run, or one that is breached by what the run recorded of its generator once it is
 * asked of this limit. A delay that moved no verdict of the plan may carry this one.
 */
export function laterBreach(
  records: readonly EvidenceRecord[],
  view: LaterView,
): LaterBreach | null {
  const { verdict } = view.verdict;
  const speaks = ({ invalidates }: Pick<JudgedGuard, "invalidates">): boolean =>
    invalidates === "both" || invalidates === (verdict === "passed" ? "pass" : "fail");
  const before = recordedBreaches(records, view.streams).find(speaks);
  if (before !== undefined) return before;
  const asked = askedAgain(records, view);
  if (asked === null) return { guard: null, reason: "generator" };
  return asked.find((one) => !one.holds && speaks(one)) ?? null;
}

type Breach = LaterBreach & Pick<JudgedGuard, "invalidates">;

/** What cannot be read may have been a breach of anything. */
const unread: Breach = { guard: null, reason: "control", invalidates: "both" };

function recordedBreaches(
  records: readonly EvidenceRecord[],
  own: ReadonlySet<string>,
): readonly Breach[] {
  return records.flatMap(({ kind, data }) => {
    if (kind !== "guard") return [];
    const { holds, streams } = data as Readonly<Record<keyof JudgedGuard, unknown>>;
    if (typeof holds !== "boolean" || !(streams === undefined || Array.isArray(streams))) {
      return [unread];
    }
    const isOwn = streams?.some((stream) => stream === "*" || own.has(String(stream))) ?? true;
    return holds || !isOwn ? [] : [breachOf(data)];
  });
}

const sides = ["pass", "fail", "both"] as const;

function breachOf(data: EvidenceRecord["data"]): Breach {
  const { guard, invalidates, reason } = data as Readonly<Record<keyof JudgedGuard, unknown>>;
  return {
    guard: typeof guard === "string" ? guard : null,
    reason: isReasonOf("inconclusive", reason) ? reason : "generator",
    invalidates: sides.find((side) => side === invalidates) ?? "both",
  };
}

/** The guards by the recorded delays and this limit's counts; null where no delays were recorded. */
function askedAgain(records: readonly EvidenceRecord[], view: LaterView): JudgedGuard[] | null {
  const generator = generatorOf(records, view.scenario);
  if (generator === null) return null;
  const { n, possible } = view.verdict;
  const timedOut = timeoutOutcomes.reduce((sum, outcome) => sum + (view.badBy[outcome] ?? 0), 0);
  // What only the run could see is clean here: its own guards spoke of it.
  const again = {
    ...cleanView,
    ...generator,
    metric: "response_time",
    limitMs: view.limitMs,
    target: view.quantile,
    n,
    bad: possible,
    over: possible - view.hardBad,
    hardBad: view.hardBad,
    timedOut,
    serviceMedianMs: view.serviceMedianMs,
  } as const;
  return judgeGuards([{ stream: view.scenario, view: again }]);
}

interface Generator extends HostFigures {
  readonly open: boolean;
  readonly lagP99Ms: number;
}

/** What one load recorded: its executors first, then its machine, then the waits of each scenario. */
function generatorOf(records: readonly EvidenceRecord[], scenario: string): Generator | null {
  let host: HostFigures | null = null;
  const executors = new Map<string, string>();
  for (const { data } of records) {
    if (data["type"] === "load.started") readExecutors(data["scenarios"], executors);
    if (data["type"] === "host") host = readHost(data["host"]);
    const { waits } = data;
    if (data["type"] !== "waits" || !isRecord(waits) || waits["scenario"] !== scenario) continue;
    const executor = executors.get(scenario);
    if (host === null || executor === undefined) return null;
    return { ...host, open: openExecutors.has(executor), lagP99Ms: p99Of(waits["pacerLag"]) };
  }
  return null;
}

function readHost(value: unknown): HostFigures | null {
  if (!isRecord(value)) return null;
  const { cpuP90, loopMeanMs, loopP99Ms, loopMaxMs, pressurePercent } = value;
  return {
    cpuP90: Number(cpuP90),
    loopMeanMs: Number(loopMeanMs),
    loopP99Ms: Number(loopP99Ms),
    loopMaxMs: Number(loopMaxMs),
    pressurePercent: typeof pressurePercent === "number" ? pressurePercent : null,
  };
}

function readExecutors(rows: unknown, into: Map<string, string>): void {
  for (const row of Array.isArray(rows) ? rows : []) {
    if (isRecord(row)) into.set(String(row["scenario"]), String(row["executor"]));
  }
}

/** Of `[quantile, ms]`; 0 where nothing was released, as of a closed model. */
function p99Of(pairs: unknown): number {
  const all = Array.isArray(pairs) ? pairs : [];
  const found = all.find((pair) => Array.isArray(pair) && pair[0] === 0.99) as unknown;
  return Array.isArray(found) ? Number(found[1]) : 0;
}
