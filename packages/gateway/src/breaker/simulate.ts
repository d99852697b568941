import {
  type BreakerOutcome,
  type BreakerSettings,
  chanceTripsPerHour,
  type RecordedOutcome,
  type Replay,
  replayOutcomes,
} from "@loadline/kit/circuit-breaker";
import type { Random } from "@loadline/kit/random";
import { parseJson } from "@loadline/kit/json";
import { gatewayErrors } from "../errors.ts";
import type { AttemptOutcome } from "../routing/attempts.ts";
import { outcomeEffects } from "./classes.ts";

/** What a breaker of these settings would have done, and how much of it is chance. */
export interface BreakerSimulation extends Replay {
  readonly trips: number;
  readonly tripsPerHour: number;
  /** Trips an hour when as many calls failed at random, each by itself. */
  readonly chanceTripsPerHour: number;
}

const linesMax = 5_000_000;
const chanceCallsMax = 300_000;
const chanceCallsMin = 20_000;
const hourMs = 3_600_000;
const plainOutcomes: readonly string[] = ["success", "failure", "neutral"];

/**
 * Replays recorded outcomes, one JSON object a line: `t` in ms, `outcome` a class such as `ok`,
 * `server` or `rate_limited`, or success, failure, neutral. Throws LL_BREAKER_TRACE with the line.
 */
export function simulateBreaker(
  trace: string,
  o: { settings: BreakerSettings; random: Random },
): BreakerSimulation {
  const outcomes = parseTrace(trace);
  const replay = replayOutcomes(outcomes, o);
  const trips = replay.transitions.filter(({ to }) => to === "open").length;
  const counted = replay.calls - replay.neutral;
  const hasRate = counted > 0 && replay.spanMs > 0;
  const load = {
    failureShare: replay.failures / counted,
    callsPerMinute: (counted * 60_000) / replay.spanMs,
    calls: Math.min(chanceCallsMax, Math.max(chanceCallsMin, counted * 10)),
  };
  return {
    ...replay,
    trips,
    tripsPerHour: hasRate ? (trips * hourMs) / replay.spanMs : 0,
    chanceTripsPerHour: hasRate && replay.failures > 0 ? chanceTripsPerHour(load, o) : 0,
  };
}

/** The recorded outcomes in their order. */
export function parseTrace(text: string): RecordedOutcome[] {
  const outcomes: RecordedOutcome[] = [];
  let line = 0;
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const entry = text.slice(start, end).trim();
    start = end + 1;
    line++;
    if (entry === "") continue;
    if (line > linesMax) throw problem(line, `more than ${linesMax} lines`);
    const outcome = parseEntry(entry, line);
    if (outcome.atMs < (outcomes.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY))
      throw problem(line, "its time lies before the line above");
    outcomes.push(outcome);
  }
  return outcomes;
}

function parseEntry(entry: string, line: number): RecordedOutcome {
  const value = parseJson(entry);
  if (typeof value !== "object" || value === null) throw problem(line, "no JSON object");
  const atMs = "t" in value ? value.t : undefined;
  if (typeof atMs !== "number" || !Number.isFinite(atMs))
    throw problem(line, '"t" is not a number of ms');
  const name = "outcome" in value ? value.outcome : undefined;
  const outcome = outcomeOf(name);
  if (!outcome) throw problem(line, `unknown outcome ${JSON.stringify(name) ?? "undefined"}`);
  return { atMs, outcome };
}

function outcomeOf(name: unknown): BreakerOutcome | undefined {
  if (typeof name !== "string") return undefined;
  if (isPlain(name)) return name;
  return isClass(name) ? outcomeEffects[name].target : undefined;
}

function isPlain(name: string): name is BreakerOutcome {
  return plainOutcomes.includes(name);
}

function isClass(name: string): name is AttemptOutcome {
  return Object.hasOwn(outcomeEffects, name);
}

function problem(line: number, what: string): Error {
  return gatewayErrors.make("LL_BREAKER_TRACE", `Line ${line}: ${what}.`);
}
