import {
  formatNumber,
  minimumN,
  sampleUnit,
  samplesForPower,
  samplesNeeded,
} from "@loadline/contract";
import type { Claim, RunPlan } from "@loadline/contract";
import { isRecord } from "@loadline/kit/json";
import {
  edgeGaps,
  planBudget,
  planFileSchema,
  planRates,
  planStreams,
  stackSchema,
} from "@loadline/validator";
import { readWantedPlan } from "../plan-options.ts";
import { budgetLine } from "../terminal/budget-line.ts";
import { cleanText, clip } from "../terminal/clean-text.ts";
import type { CliHost, ExitCode } from "../process/host.ts";
import { toolPath } from "../process/tool-path.ts";
import type { VerbContext } from "./verb.ts";

const columns = 80;

/** What one claim needs before anything is sent. */
export interface PlanRow {
  readonly claim: string;
  readonly statement: string;
  readonly kind: Claim["kind"];
  readonly required: boolean;
  /** Samples the plan will take. */
  readonly planned: number;
  /** What is counted: samples, seconds, windows, acknowledged writes. */
  readonly unit: string;
  /** As many prove it with 0, 1 and 2 bad ones; null where no number does. */
  readonly needed: readonly (number | null)[];
  /** Samples for a chance of 80 % when the truth is half as bad as the target allows. */
  readonly forPower80: number | null;
  /** Minutes that the least of them take at the planned rate; null without one. */
  readonly minutes: number | null;
  readonly provable: boolean;
  /** Why it cannot be proven; empty when it can. */
  readonly problem: string;
}

/** Prints the claims of a plan with their n; sends nothing. Exit 2 when one cannot be proven. */
export async function runPlan(context: VerbContext): Promise<ExitCode> {
  const { host, args, json } = context;
  if (args.has("schema")) {
    const schema = planFileSchema.toJSONSchema({ io: "input", unrepresentable: "any" });
    host.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    return 0;
  }
  const compose = args.text("compose");
  if (compose !== undefined) return (await import("./plan-compose.ts")).printCompose(host, compose);
  const { isOwnLoad, showLoadPlan } = await import("./load.ts");
  if (isOwnLoad(args)) return showLoadPlan(context);
  const { plan } = await readWantedPlan(host, args);
  const rows = planRows(plan);
  const exit = rows.some((row) => row.required && !row.provable) ? 2 : 0;
  const requests = requestsOf(plan, rows);
  const budget = planBudget(plan);
  const tools = toolsOf(host, plan);
  if (json) {
    const minutes = plan.budgetMinutes;
    const streams = planStreams(plan);
    const document = { plan, rows, streams, requests, minutes, tools, budget, exit };
    host.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return exit;
  }
  const lines = [planText(plan, rows, requests), ...toolLines(tools), budgetLine(budget)];
  host.stdout.write(`${lines.join("\n")}\n`);
  return exit;
}

/** A tool of this machine that claims of a plan need. */
interface PlanTool {
  readonly id: string;
  readonly found: boolean;
  /** Services that are looked at through it. */
  readonly services: readonly string[];
}

/** The tools that the services of a plan name. */
function toolsOf(host: CliHost, plan: RunPlan): PlanTool[] {
  const stack = stackSchema.safeParse(plan.stages["stack"]).data;
  const named = Object.entries(stack?.services ?? {}).flatMap(([name, service]) =>
    "engine" in service && typeof service.engine === "string" ? [{ id: service.engine, name }] : [],
  );
  return [...Map.groupBy(named, ({ id }) => id)].map(([id, uses]) => ({
    id,
    found: toolPath(host, [id]) !== undefined,
    services: uses.map(({ name }) => name),
  }));
}

const toolLines = (tools: readonly PlanTool[]): string[] =>
  tools
    .filter(({ found }) => !found)
    .map(({ id, services }) => {
      const names = services.map((name) => `stack.${cleanText(name)}`).join(", ");
      return `tool ${id} is missing: not_tested(tool_missing) for ${names}`;
    });

/** One row per claim, in the plan's order. */
export function planRows(plan: RunPlan): PlanRow[] {
  const { target, targets, load, skip, stack } = plan.stages;
  const { profile, confidence } = plan;
  const file = planFileSchema.parse({ profile, target, targets, load, skip, stack, confidence });
  const rates = planRates(file);
  const own: unknown = plan.stages["own"];
  const ids: readonly unknown[] = Array.isArray(own) ? own : [];
  const streams = new Set(plan.claims.flatMap(({ id, of }) => (ids.includes(id) ? [] : [of])));
  const gaps = file.stack === undefined ? null : edgeGaps(file.stack);
  return plan.claims.map((claim) => {
    const stage = claim.of.split(".")[0] ?? "";
    const rate = rates[claim.of];
    const isFed = rate !== undefined || streams.has(claim.of);
    const planned = isFed ? plannedOf(claim, file.skip, rate) : 0;
    const needed = neededOf(claim);
    const least = needed[0] ?? null;
    const gap = gaps?.get(claim.id);
    const provable = gap === undefined && least !== null && planned >= least;
    return {
      claim: claim.id,
      statement: claim.statement,
      kind: claim.kind,
      required: claim.required,
      planned,
      unit: sampleUnit(claim.kind),
      needed,
      minutes: minutesOf(claim, least, rate),
      forPower80: powerOf(claim),
      provable,
      problem: provable ? "" : (gap ?? problemOf(claim, stage, { planned, least })),
    };
  });
}

/** Claims of one probe or scenario share its requests, so each of those counts once. */
function requestsOf(plan: RunPlan, rows: readonly PlanRow[]): number {
  const { targets } = plan.stages;
  const keys = new Set(isRecord(targets) ? Object.keys(targets) : []);
  const bySource = new Map<string, number>();
  for (const [index, claim] of plan.claims.entries()) {
    if (timed.has(claim.kind)) continue;
    const [stage = "", ...names] = claim.of.split(".");
    // Of several targets the name comes first.
    const isUnder = stage !== "stack" && keys.has(names[0] ?? "");
    const depth = (stage === "load" ? 1 : 2) + (isUnder ? 1 : 0);
    const source = [stage, ...names.slice(0, depth)].join(".");
    bySource.set(source, Math.max(bySource.get(source) ?? 0, rows[index]?.planned ?? 0));
  }
  return [...bySource.values()].reduce((sum, planned) => sum + planned, 0);
}

interface Rate {
  readonly n: number;
  readonly perSecond: number;
}

/** Kinds that are counted by the seconds of a load, not by its requests. */
const timed: ReadonlySet<Claim["kind"]> = new Set(["time_availability", "mean"]);
const ratios: ReadonlySet<Claim["kind"]> = new Set(["proportion", "quantile", "trials"]);

function plannedOf(claim: Claim, skip: readonly string[], rate: Rate | undefined): number {
  const stage = claim.of.split(".")[0] ?? "";
  if (skip.includes(stage)) return 0;
  if (stage === "probe" || stage === "stack") return 1;
  if (rate === undefined) return 0;
  if (timed.has(claim.kind)) return Math.floor(rate.n / rate.perSecond);
  return claim.over === undefined ? rate.n : Math.floor(rate.n / claim.parts.length);
}

function neededOf(claim: Claim): (number | null)[] {
  const { kind, target = 0, mode, confidence } = claim;
  const isFixed = ratios.has(kind) && mode === undefined;
  // Nobody can say of a stage how many items it will look at.
  if (kind === "coverage") return [claim.min ?? 1];
  return isFixed
    ? [0, 1, 2].map((bad) => samplesNeeded(bad, target, confidence))
    : [minimumN(claim)];
}

function powerOf({ kind, target, mode, confidence }: Claim): number | null {
  if (target === undefined || !ratios.has(kind) || mode !== undefined) return null;
  return samplesForPower((1 - target) / 2, target, confidence)?.n ?? null;
}

/** Minutes of load until the least number of samples is there. */
function minutesOf(claim: Claim, least: number | null, rate: Rate | undefined): number | null {
  if (least === null || rate === undefined || rate.perSecond <= 0) return null;
  const seconds = timed.has(claim.kind) ? least : least / rate.perSecond;
  return Math.ceil(seconds / 6) / 10;
}

function problemOf(
  { kind }: Claim,
  stage: string,
  { planned, least }: { readonly planned: number; readonly least: number | null },
): string {
  const unit = sampleUnit(kind);
  if (least === null) return `no number of ${unit} proves it`;
  if (planned === 0) return `stage ${stage} is left out or not in this build: not_tested`;
  const named = unit === "samples" ? "" : ` ${unit}`;
  return `${formatNumber(planned)} planned, ${formatNumber(least)}${named} needed: inconclusive at best`;
}

/** What keeps a required claim from its proof, by the name of that. */
const problemText = ({ problem, required }: PlanRow): string =>
  problem === "" || !required ? problem : `LL_PLAN_CANNOT_PROVE ${problem}`;

/** Trials that the claims on them need at least. */
function trialsText(rows: readonly PlanRow[]): string {
  const trials = rows
    .filter(({ kind }) => kind === "trials")
    .reduce((sum, { needed }) => sum + (needed[0] ?? 0), 0);
  return trials === 0 ? "" : `, ${formatNumber(trials)} trials`;
}

/** A problem that does not fit beside its row stands below it. */
function withProblem(row: string, problem: string): string {
  const fits = row.length + problem.length <= columns;
  return fits ? `${row}${problem}`.trimEnd() : `${row.trimEnd()}\n    ${problem}`;
}

function planText(plan: RunPlan, rows: readonly PlanRow[], requests: number): string {
  const count = (n: number | null): string => (n === null ? "-" : formatNumber(n));
  const lines = rows.map((row) => {
    const needed = row.needed.map(count).join(" / ");
    const mark = row.provable ? "+" : "o";
    const minutes = row.minutes === null ? "-" : String(row.minutes);
    const likely = `${count(row.forPower80).padStart(7)}${minutes.padStart(6)}`;
    const figures = `${count(row.planned).padStart(6)}  ${needed.padEnd(17)}${likely}`;
    const left = `${mark} ${clip(cleanText(row.claim), 28).padEnd(29)}${row.kind.padEnd(11)}`;
    return withProblem(`${left}${figures}`, problemText(row));
  });
  const open = rows.filter((row) => row.required && !row.provable).length;
  return [
    `plan ${plan.profile} for ${cleanText(plan.target.name)}`,
    ...(plan.use === undefined ? [] : [`use ${plan.use}`]),
    ...(plan.gates === undefined
      ? []
      : [`gates ${plan.gates.map(({ id }) => cleanText(id)).join(", ")}`]),
    `${"  claim".padEnd(31)}${"kind".padEnd(11)}${"n".padStart(6)}  needed, 0/1/2 bad   80 %   min`,
    ...lines,
    "80 %: n for that chance of proof at a true error of half of what the target allows",
    "min: minutes that the first of the needed n take at the planned rate",
    `${rows.length} claims, at least ${formatNumber(requests)} requests${trialsText(rows)}; ` +
      (open === 0 ? "every required claim can be proven" : `${open} required cannot be proven`),
  ].join("\n");
}
