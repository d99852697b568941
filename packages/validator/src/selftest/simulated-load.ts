import { type MiniRun, startMiniRun, type VerdictDocument } from "@loadline/contract";
import type { Draft, Recorder as EvidenceWriter } from "../evidence/recorder.ts";
import { sha256 } from "../evidence/sha256.ts";
import { createFlight, type Flight, type LoadOutcome } from "../load/engine/flight.ts";
import { reportRun } from "../load/engine/report.ts";
import {
  type BoundJob,
  durationOf,
  type LoadPlan,
  type LoadRecord,
  scheduledMs,
} from "../load/index.ts";
import { Recorder } from "../load/record/recorder.ts";
import type { ScenarioRecord } from "../load/record/scenario-record.ts";
import { createMix } from "../load/schedule/mix.ts";
import type { MixPart } from "../load/scenario-types.ts";
import { recordBottleneck } from "../run/bottleneck.ts";
import { LoadEvidence } from "../run/load-evidence.ts";
import { recordGrowth } from "../run/memory-growth.ts";
import type { ObservedSeries } from "../run/observe.ts";
import { loadRunPlan } from "../run/run-load-job.ts";

/** One request as a simulated target sees it. */
export interface SimulatedRequest {
  readonly scenario: string;
  readonly step: string;
  /** Among the requests of its scenario and step, 0-based. */
  readonly n: number;
  /** From the start of its scenario. */
  readonly offsetMs: number;
  /** Of a ladder; 0 elsewhere. */
  readonly users: number;
}

/** How a simulated target answers; pure, so that a run of it is the same on every machine. */
export interface SimulatedTarget {
  answer(request: SimulatedRequest): {
    readonly ms: number;
    readonly outcome: LoadOutcome;
    readonly retryAfter?: boolean;
    /** From the intended time to the first content of a stream; absent: no content is timed. */
    readonly ttftMs?: number;
  };
  /** Good answers of one hold of a ladder. */
  ladderOk(users: number): number;
  /** Values of figures a scenario's clients say: name, value, whether it is bad. */
  figures(scenario: string): readonly (readonly [name: string, value: number, bad: boolean])[];
  /** Growth of every observed series, MiB an hour. */
  readonly growthMibPerHour: number;
}

/** Requests of a closed scenario whose number users decide. */
const closedRequests = 4_000;
const ladderMs = 20;
/** When figures are said: after every warm-up. */
const figuresMs = 30_000;
const mib = 1024 * 1024;
const cleanHost = {
  cpuP90: 0.2,
  loopMeanMs: 0.1,
  loopP99Ms: 0.5,
  loopMaxMs: 4,
  pressurePercent: 3,
};

/** Records a whole load job against a simulated target, and folds what that came to. */
export function simulateLoad(job: BoundJob, target: SimulatedTarget): VerdictDocument {
  const run = startMiniRun(loadRunPlan(job).claims, { digest: sha256 });
  const writer = memoryWriter(run);
  const evidence = new LoadEvidence(job, writer);
  playLoad(job.load, target, (record) => evidence.add(record));
  const specs = job.job.observe ?? [];
  recordGrowth(
    specs,
    specs.map(() => memoryOf(target.growthMibPerHour)),
    writer,
  );
  // It tells nothing of what it uses up.
  recordBottleneck(job, [], writer);
  run.end();
  return run.fold();
}

/** Sends what a plan says to a simulated target, and emits what the engine says of such a run. */
export function playLoad(
  load: LoadPlan,
  target: SimulatedTarget,
  emit: (record: LoadRecord) => void,
): void {
  const recorder = new Recorder(load, { nowMs: () => figuresMs });
  recorder.begin(0);
  for (const [at, record] of recorder.scenarios.entries()) {
    sendAll(load, { recorder, at, record }, target);
    for (const [name, value, bad] of target.figures(record.name)) {
      recorder.figure(at, name, value, bad);
    }
  }
  const ends = Object.values(load.scenarios).map((s) => (s.startMs ?? 0) + durationOf(s));
  const elapsedMs = Math.max(...ends);
  reportRun(recorder, {
    reason: "done",
    ends: [{ kind: "done", host: cleanHost, folded: 0, samples: recorder.samples() }],
    stolen: { stealPercent: 0, throttledPeriods: 0 },
    edited: false,
    stoppedAfterMs: null,
    looks: 0,
    scheduleHash: "",
    peaks: new Map(),
    nowMs: elapsedMs,
    elapsedMs,
    startWallMs: 0,
    emit,
  });
}

/** Evidence kept in memory only. */
export function memoryWriter(run: MiniRun): EvidenceWriter {
  return {
    append: ({ by: _by, ...draft }: Draft) => run.add(draft),
    excerpt: (text) => text,
    artifact: (bytes) => sha256(bytes),
    isFull: () => false,
    sync: () => undefined,
    close: () => undefined,
    records: run.records,
    head: () => "",
  };
}

function memoryOf(growthMibPerHour: number): ObservedSeries {
  const samples = Array.from({ length: 600 }, (_, second) => {
    const grown = (second * growthMibPerHour * mib) / 3_600;
    return [second * 1_000, 500 * mib + (second % 13) * 1_000 + grown] as const;
  });
  return { source: "s", series: "x", samples, gaps: 0, first: null, peak: null, last: null };
}

interface Place {
  readonly recorder: Recorder;
  readonly at: number;
  readonly record: ScenarioRecord;
}

function sendAll(load: LoadPlan, place: Place, target: SimulatedTarget): void {
  const { record } = place;
  const { scenario, name } = record;
  if (scenario.executor === "ladder") return climb(place, target);
  const steps = stepsOf(load, record);
  const seen = new Map<string, number>();
  for (const [index, offsetMs] of offsetsOf(load, record).entries()) {
    for (const [at, step] of steps(index)) {
      const n = seen.get(step) ?? 0;
      seen.set(step, n + 1);
      const flight = createFlight(place.at, index, record.startMs + offsetMs);
      flight.step = at;
      end(place, flight, target.answer({ scenario: name, step, n, offsetMs, users: 0 }));
    }
  }
}

/** Each hold of each round with the good answers the target has for its users. */
function climb(place: Place, target: SimulatedTarget): void {
  const { scenario, phases, startMs, name } = place.record;
  if (scenario.executor !== "ladder") return;
  for (const phase of phases.keys()) {
    const users = scenario.users[phase % scenario.users.length] ?? 0;
    const count = target.ladderOk(users);
    for (let n = 0; n < count; n++) {
      const offsetMs = phase * scenario.holdMs + (n * scenario.holdMs) / count;
      const flight = createFlight(place.at, n, startMs + offsetMs);
      flight.phase = phase;
      const { outcome } = target.answer({ scenario: name, step: name, n, offsetMs, users });
      end(place, flight, { ms: ladderMs, outcome });
    }
  }
}

function end(
  { recorder, at }: Place,
  flight: Flight,
  answer: ReturnType<SimulatedTarget["answer"]>,
): void {
  flight.wakeMs = flight.sendMs = flight.intendedMs;
  flight.doneMs = flight.firstByteMs = flight.intendedMs + answer.ms;
  if (answer.ttftMs !== undefined) {
    flight.firstContentMs = flight.firstOutputMs = flight.intendedMs + answer.ttftMs;
    flight.lastContentMs = flight.doneMs;
  }
  flight.retryAfter = answer.retryAfter ?? true;
  flight.status = answer.outcome === "status_429" ? 429 : 200;
  recorder.due(at, flight);
  recorder.ended(flight, answer.outcome);
}

/** When its iterations are due, ms from its start. */
function offsetsOf(load: LoadPlan, { name, scenario }: ScenarioRecord): readonly number[] {
  const scheduled = scheduledMs(load, name);
  if (scheduled !== null) return scheduled;
  const isCounted = scenario.executor === "per-vu-iterations";
  const count = isCounted ? scenario.vus * scenario.iterations : closedRequests;
  const spanMs = isCounted ? count * ladderMs : durationOf(scenario);
  return Array.from({ length: count }, (_, n) => (n * spanMs) / count);
}

type StepOf = readonly (readonly [at: number, name: string])[];

/** The steps of an iteration, by its index. */
function stepsOf(load: LoadPlan, { name, scenario }: ScenarioRecord): (n: number) => StepOf {
  if (scenario.exec?.kind !== "mix") {
    const own = (scenario.steps ?? [{ name }]).map((step, at) => [at, step.name] as const);
    return scenario.exec?.kind === "rag" ? (n) => oneOfRag(own, n) : () => own;
  }
  const { parts } = scenario.exec;
  const mix = createMix(
    parts.map(({ weight }) => weight),
    load.seed,
  );
  let first = 0;
  const all = parts.map((part) => {
    const own = namesOf(part).map((step, at) => [first + at, step] as const);
    first += own.length;
    return own;
  });
  return (n) => {
    const part = mix.at(n);
    const own = all[part] ?? [];
    return parts[part]?.exec?.kind === "rag" ? oneOfRag(own, n) : own;
  };
}

/** An iteration of a document store is one of its steps. */
function oneOfRag(own: StepOf, n: number): StepOf {
  return own.slice(n % 10 < 3 ? 0 : 1, n % 10 < 3 ? 1 : 2);
}

const namesOf = (part: MixPart): readonly string[] =>
  part.steps?.map((step) => step.name) ?? [part.name];
