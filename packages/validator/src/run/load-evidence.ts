import type { SampleTally } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";
import type {
  BoundClaim,
  BoundJob,
  EarlyStop,
  FigureRule,
  FigureSeries,
  LoadAccount,
  LoadRecord,
  ScenarioBlocks,
} from "../load/index.ts";
import { compare, judgeRounds, kneeText } from "../load/index.ts";
import {
  counts,
  type FiguredTally,
  figureOf,
  heldValues,
  isUnsureCount,
  meanSlices,
  type SeenFigure,
  totalTimeoutMs,
  untoldOf,
} from "./load-figures.ts";
import { splitWindows } from "./load-windows.ts";
import { measuredMs, wasCut } from "./measured-time.ts";
import { keep, keepHistograms, keepNote, recordPlain } from "./plain-records.ts";
import { admittedFigure, comparedBlocks } from "./quota-evidence.ts";

type Ended = Extract<LoadRecord, { type: "load.ended" }>;
type Ladder = Extract<LoadRecord, { type: "ladder" }>;
type Missing = Extract<LoadRecord, { type: "load.missing" }>["missing"];

const by = "load";
/** Slices of a mean in one record. */
const meansPerRecord = 1_000;

/** What becomes of claims whose route the target lacks. */
export type LackingRoute =
  | { readonly kind: "check.error"; readonly reason: "probe_contract" }
  | { readonly kind: "skip"; readonly reason: "capability_missing" };

const wrongQuestion: LackingRoute = { kind: "check.error", reason: "probe_contract" };

/**
 * Puts what the engine says of a load job into the evidence. Counts become records of the claim's
 * kind; samples are closed here, once all counts of a claim are in. Nothing is judged.
 */
export class LoadEvidence {
  readonly #job: BoundJob;
  readonly #recorder: Recorder;
  readonly #lacking: LackingRoute;
  readonly #tallies = new Map<string, FiguredTally[]>();
  readonly #sizes: Ladder[] = [];
  readonly #blocks: ScenarioBlocks[] = [];
  /** Figures seen, by their name. */
  readonly #figures = new Map<string, FigureSeries[]>();
  #stop: EarlyStop | null = null;
  #stoppedAfterMs = Number.POSITIVE_INFINITY;

  /** `lacking`: what the claims become where the target lacks a route. */
  constructor(job: BoundJob, recorder: Recorder, lacking: LackingRoute = wrongQuestion) {
    this.#job = job;
    this.#recorder = recorder;
    this.#lacking = lacking;
  }

  /** The run was ended early: the failing claim keeps the counts of that look. */
  stopped(stop: EarlyStop): void {
    this.#stop = stop;
    const data = { event: `Ended early: ${stop.sentence}.`, stop: { ...stop, tallies: [] } };
    this.#recorder.append({ kind: "note", by, data });
  }

  add(record: LoadRecord): void {
    const recorder = this.#recorder;
    if (recordPlain(recorder, record)) return;
    switch (record.type) {
      case "frame":
      case "look":
      case "sample.closed":
        return;
      case "guard":
        this.#guard(record.guard);
        return;
      case "sample.tally":
        this.#tallies.set(record.claim, [...this.#talliesOf(record.claim), record.tally]);
        return;
      case "samples":
        keep(recorder, "samples", JSON.stringify(record.samples));
        return;
      case "histograms":
        keepHistograms(recorder, record);
        return;
      case "load.missing":
        recorder.append({ kind: "note", by, data: { ...record } });
        this.#missing(record.missing);
        return;
      case "load.ended":
        recorder.append({ kind: "note", by, data: { ...record } });
        this.#stoppedAfterMs = record.stoppedAfterMs ?? Number.POSITIVE_INFINITY;
        this.#end(record.reason, record.accounts);
        return;
      default:
        this.#remember(record);
        keepNote(recorder, record);
    }
  }

  /** What claims are made of at the end. */
  #remember(record: LoadRecord): void {
    if (record.type === "ladder") this.#sizes.push(record);
    if (record.type === "blocks") this.#blocks.push(record);
    if (record.type === "figure") {
      const { figure } = record.figure;
      this.#figures.set(figure, [...(this.#figures.get(figure) ?? []), record.figure]);
    }
  }

  /** A route the target lacks says nothing of its speed: no load was sent. */
  #missing(missing: Missing): void {
    const names = missing.map(({ scenario, step, status }) => `${scenario}/${step} (${status})`);
    const sentence = `The target lacks the route of ${names.join(", ")}, so no load was sent.`;
    const { kind, reason } = this.#lacking;
    for (const { claim } of this.#job.bound) {
      this.#recorder.append({ kind, by, claims: [claim.id], data: { reason, sentence } });
    }
  }

  #talliesOf(claim: string): FiguredTally[] {
    return this.#tallies.get(claim) ?? [];
  }

  #guard(guard: Extract<LoadRecord, { type: "guard" }>["guard"]): void {
    const waiver = this.#job.job.waive.find((one) => one.guard === guard.guard);
    const { owner, reason, expires } = waiver ?? {};
    const waived =
      waiver === undefined || guard.holds ? {} : { waived: { owner, reason, expires } };
    // The sentence holds both; they are for views.
    const { figure: _figure, limit: _limit, ...said } = guard;
    this.#recorder.append({ kind: "guard", by: guard.guard, data: { ...said, ...waived } });
  }

  /**
   * Evidence of every claim from its counts. A cancelled run leaves samples open and ladders untold, an
   * early stop samples it did not decide; one drained by hand closes them as they are, but for ladders
   * that it cut short.
   */
  #end(reason: Ended["reason"], accounts: readonly LoadAccount[]): void {
    this.#scriptFaults(accounts);
    for (const bound of this.#job.bound) {
      if (reason === "cancelled" && bound.ladder !== undefined) continue;
      if (bound.claim.id === "load.alive") this.#alive(bound, accounts);
      else this.#claim(bound, accounts);
      const isStopped = this.#stop?.claim === bound.claim.id && this.#stop.on === "evidence";
      const isWhole = reason !== "cancelled" && this.#stop === null;
      if (!isWhole && !isStopped) continue;
      for (const part of bound.claim.parts) {
        const data = { stream: bound.claim.of, part };
        this.#recorder.append({ kind: "sample.closed", by, claims: [bound.claim.id], data });
      }
    }
  }

  /** An iteration that failed by the scenario's own fault says nothing of the target. */
  #scriptFaults(accounts: readonly LoadAccount[]): void {
    for (const { scenario, bad } of accounts) {
      const faults = bad["script"] ?? 0;
      if (faults === 0) continue;
      const sentence = `${faults} iterations of ${scenario} failed by the scenario's own fault.`;
      for (const { claim, limits } of this.#job.bound) {
        if (!limits.some((limit) => limit.scenario === scenario)) continue;
        const data = { reason: "crashed", sentence };
        this.#recorder.append({ kind: "check.error", by, claims: [claim.id], data });
      }
    }
  }

  #claim(bound: BoundClaim, accounts: readonly LoadAccount[]): void {
    const { claim } = bound;
    const stop = this.#stop;
    const tallies: readonly FiguredTally[] =
      stop?.claim === claim.id && stop.on === "evidence" ? stop.tallies : this.#talliesOf(claim.id);
    if (bound.undecided !== undefined) {
      const { derived, reason, sentence } = bound.undecided;
      // Told by what watches the target's side.
      if (derived !== undefined) return;
      this.#recorder.append({ kind: "skip", by, claims: [claim.id], data: { reason, sentence } });
      return;
    }
    if (bound.ladder !== undefined) return this.#ladder(bound);
    if (bound.checks !== undefined) return this.#checks(bound, bound.checks);
    if (bound.limiter !== undefined) return this.#limiter(bound, bound.limiter, tallies);
    if (bound.blocks !== undefined) return this.#compared(claim, bound.blocks);
    if (bound.figure !== undefined) return this.#figure(bound, tallies, accounts);
    if (claim.kind === "comparison") return this.#notRun(claim.id, "The run has no baseline.");
    if (bound.limits.length === 0) {
      return this.#notRun(claim.id, "This engine does not record the metric.");
    }
    // Sums are for figures; with their slices they would fill a record.
    for (const { figures: _sums, ...tally } of tallies) {
      for (const part of this.#parts(bound, tally)) {
        this.#recorder.append({
          kind: "sample.tally",
          by,
          claims: [claim.id],
          data: { ...part },
        });
      }
    }
  }

  #ladder({ claim, ladder }: BoundClaim): void {
    const held = this.#sizes.find(({ scenario }) => scenario === ladder?.scenario)?.result;
    const size = held?.sizes.find(({ users }) => users === ladder?.users);
    const value = ladder === undefined ? null : size?.[ladder.of];
    if (ladder === undefined || held === undefined || value == null) {
      return this.#notRun(claim.id, "The ladder did not hold this number of users.");
    }
    if (wasCut(this.#job.load, [ladder.scenario], this.#stoppedAfterMs)) {
      return this.#notRun(claim.id, "The run was stopped before the ladder came to its end.");
    }
    const figure = `Observed ${Number(value.toPrecision(4))}, at least ${ladder.atLeast} wanted.`;
    const ok = value >= ladder.atLeast;
    const seen = ok ? figure : `${figure} ${kneeText(held)}`;
    const data = { stream: claim.of, part: "all", ok, seen };
    this.#recorder.append({ kind: "observation", by, claims: [claim.id], data });
    const guard = judgeRounds(held, { claim, rule: ladder });
    this.#recorder.append({ kind: "guard", by: guard.guard, data: { ...guard } });
  }

  #limiter(
    { claim }: BoundClaim,
    rule: NonNullable<BoundClaim["limiter"]>,
    tallies: readonly FiguredTally[],
  ): void {
    const found = admittedFigure(rule, this.#job.load, tallies);
    if (typeof found === "string") return this.#notRun(claim.id, found);
    const data = { stream: claim.of, part: "all", ...found, counts: counts(tallies) };
    this.#recorder.append({ kind: "observation", by, claims: [claim.id], data });
  }

  #compared(claim: BoundClaim["claim"], rule: NonNullable<BoundClaim["blocks"]>): void {
    const seen = this.#blocks.find(({ scenario }) => scenario === rule.scenario);
    const rows = seen === undefined ? [] : comparedBlocks(rule, seen);
    if (rows.length === 0) {
      return this.#notRun(claim.id, "No quiet blocks had good answers to compare with.");
    }
    const data = { stream: claim.of, part: "all", unit: "ms", blocks: rows };
    this.#recorder.append({ kind: "sample.blocks", by, claims: [claim.id], data });
  }

  #checks({ claim }: BoundClaim, checks: readonly string[]): void {
    for (const check of checks) {
      if (!this.#figures.has(`check:${check}`)) continue;
      const data = { stream: claim.of, part: "all", item: check, observed: true };
      this.#recorder.append({ kind: "item", by, claims: [claim.id], data });
    }
  }

  #parts(bound: BoundClaim, tally: SampleTally): SampleTally[] {
    const { over, parts } = bound.claim;
    if (over === undefined) return [tally];
    const warmups = bound.limits.map(({ scenario }) => this.#scenario(scenario)?.warmupMs ?? 0);
    return splitWindows(tally, { overMs: over, fromMs: Math.max(0, ...warmups), parts });
  }

  #scenario(name: string) {
    return this.#job.load.scenarios[name];
  }

  #figure(
    bound: BoundClaim,
    tallies: readonly FiguredTally[],
    accounts: readonly LoadAccount[],
  ): void {
    const { claim, figure } = bound;
    if (figure === undefined) return;
    if (bound.limits.length === 0) {
      return this.#notRun(claim.id, "This engine does not record the metric.");
    }
    const untold = untoldOf(figure, tallies);
    if (untold > 0) return this.#notRun(claim.id, `${untold} answers did not tell this value.`);
    const { load } = this.#job;
    const timeoutMs = load.timeouts?.totalMs ?? totalTimeoutMs;
    if (claim.kind === "mean") return this.#means(claim, meanSlices(figure, tallies, timeoutMs));
    if (!this.#couldHappen(figure, tallies)) {
      return this.#notRun(claim.id, "Nothing was answered that one of these could have come of.");
    }
    const stoppedMs = this.#stoppedAfterMs;
    const spans = figure.scenarios.map((name) => measuredMs(load, name, stoppedMs));
    const own = accounts.filter(({ scenario }) => figure.scenarios.includes(scenario));
    const due = own.reduce((sum, account) => sum + account.due, 0);
    const terms = { timeoutMs, measuredMs: Math.max(0, ...spans), due };
    const seen = figureOf(figure, tallies, terms);
    if (seen === null) return this.#notRun(claim.id, notSeen(tallies, figure));
    const least = figure.leastSamples ?? 0;
    if (seen.n < least) {
      return this.#notRun(claim.id, `${seen.n} of at least ${least} requests fell due.`);
    }
    const isCut = wasCut(load, figure.scenarios, stoppedMs);
    const values = heldValues(figure, seen, isCut);
    const held = values.filter((value) => compare(value, figure.operator, figure.limit.value));
    const ok = held.length === values.length;
    if (!ok && held.length > 0 && isUnsureCount(figure, seen, isCut)) {
      return this.#notRun(claim.id, notCounted(figure, seen, isCut));
    }
    const data = {
      stream: claim.of,
      part: "all",
      ok,
      seen: figureText(bound, figure, seen),
      figure: seen,
      counts: counts(tallies),
    };
    this.#recorder.append({ kind: "observation", by, claims: [claim.id], data });
  }

  #means(claim: BoundClaim["claim"], slices: ReturnType<typeof meanSlices>): void {
    const data = { stream: claim.of, part: "all", unit: claim.unit ?? "", slices };
    if (slices.length === 0) return this.#notRun(claim.id, "No request fell due.");
    for (let at = 0; at < slices.length; at += meansPerRecord) {
      const some = { ...data, slices: slices.slice(at, at + meansPerRecord) };
      this.#recorder.append({ kind: "sample.means", by, claims: [claim.id], data: some });
    }
  }

  /** Events that were told happened; none told is none only where one could have been seen. */
  #couldHappen(figure: FigureRule, tallies: readonly FiguredTally[]): boolean {
    if (figure.witnesses === undefined || tallies.some(happened)) return true;
    return figure.witnesses
      .flatMap((name) => this.#figures.get(name) ?? [])
      .some(({ scenario, count, bad }) => figure.scenarios.includes(scenario) && count > bad);
  }

  #alive(bound: BoundClaim, accounts: readonly LoadAccount[]): void {
    for (const { scenario, due: all, ok: good, aside } of accounts) {
      // What a client sent on its own account answers no user.
      const [due, ok] = [all - (aside?.due ?? 0), good - (aside?.ok ?? 0)];
      const part = { stream: bound.claim.of, part: scenario };
      const claims = [bound.claim.id];
      if (due === 0) {
        const data = { ...part, reason: "not_run", sentence: "No request fell due." };
        this.#recorder.append({ kind: "skip", by, claims, data });
        continue;
      }
      const seen = `${ok} good answers of ${due} due requests.`;
      const data = { ...part, ok: ok > 0, seen };
      this.#recorder.append({ kind: "observation", by, claims, data });
    }
  }

  #notRun(claim: string, sentence: string): void {
    const data = { reason: "not_run", sentence };
    this.#recorder.append({ kind: "skip", by, claims: [claim], data });
  }
}

function figureText(
  { limits }: BoundClaim,
  { operator, limit }: FigureRule,
  seen: SeenFigure,
): string {
  const what = limits[0]?.metric === "iteration_duration" ? "iterations" : "requests";
  return `Observed ${shown(seen.value, limit.unit)} over ${seen.n} ${what}, limit ${operator} ${limit.text}.`;
}

function notCounted(
  { operator, limit }: FigureRule,
  { range, value }: SeenFigure,
  isCut: boolean,
): string {
  const span = (range ?? [value]).map((one) => shown(one, limit.unit)).join(" to ");
  const why = isCut ? "the run was stopped before its end" : "some may have been sent or not";
  return `Observed ${span}, limit ${operator} ${limit.text}: ${why}.`;
}

/** A value of 0 is no event; without sums every value is taken for one. */
function happened({ n, bad, figures }: FiguredTally): boolean {
  return bad > 0 || (n > 0 && (figures === undefined || figures.sumMs > 0));
}

function notSeen(tallies: readonly FiguredTally[], { counter }: FigureRule): string {
  const n = tallies.reduce((sum, one) => sum + one.n, 0);
  if (n === 0) return "No request fell due.";
  if (counter === "vus") return "Users are counted once a second, and the run was shorter.";
  return "No answer had this value.";
}

function shown(value: number, unit: string): string {
  const text = String(Number(value.toPrecision(4)));
  if (unit === "ms") return `${text} ms`;
  if (unit === "ratio") return `${Number((value * 100).toPrecision(4))} %`;
  return unit === "per_second" ? `${text}/s` : text;
}
