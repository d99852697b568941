import type { BreakerOutcome, RecordedOutcome } from "@loadline/kit/circuit-breaker";
import { isRecord, type JsonRecord, parseJson } from "@loadline/kit/json";
import { gatewayErrors } from "../errors.ts";
import type { AttemptOutcome } from "../routing/attempts.ts";
import { outcomeEffects } from "./classes.ts";

/** An outcome and the target it came from; of a plain recording nobody says which. */
interface Recorded extends RecordedOutcome {
  readonly target: string | undefined;
}

const linesMax = 5_000_000;
const namesShown = 8;
const plainOutcomes: readonly string[] = ["success", "failure", "neutral"];

/**
 * Reads recorded outcomes, one JSON object a line: `t` in ms, never falling, and `outcome`, a class
 * such as `ok`, `server` or `rate_limited`, or success, failure, neutral. The log of `serve` is a
 * recording, too: its lines of requests tell the attempts, in the order in which they ended; of
 * several targets `target` names one. What `serve` says in words beside it is passed over.
 * Throws LL_BREAKER_TRACE with the line.
 */
export function parseTrace(text: string, target?: string): RecordedOutcome[] {
  const outcomes: Recorded[] = [];
  let isLog = false;
  let wordsAt: number | undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const [line, entry] of linesOf(text)) {
    const value = parseJson(entry);
    if (!isRecord(value)) {
      // A line that was cut off tells of a request that is missing; words tell of none.
      if (entry.startsWith("{") || entry.endsWith("}")) throw problem(line, "no JSON object");
      wordsAt ??= line;
      continue;
    }
    if ("event" in value) {
      isLog = true;
      outcomes.push(...loggedOutcomes(value, line));
      continue;
    }
    const outcome = plainOutcome(value, line);
    if (outcome.atMs < lastMs) throw problem(line, "its time lies before the line above");
    lastMs = outcome.atMs;
    outcomes.push(outcome);
  }
  if (isLog) return ofOneTarget(outcomes, target);
  if (wordsAt !== undefined) throw problem(wordsAt, "no JSON object");
  return outcomes.map(({ atMs, outcome }) => ({ atMs, outcome }));
}

/** Lines that are not blank, with their numbers. */
function* linesOf(text: string): Generator<readonly [number: number, entry: string]> {
  let line = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const entry = text.slice(start, end).trim();
    start = end + 1;
    line++;
    if (line > linesMax) throw problem(line, `more than ${linesMax} lines`);
    if (entry !== "") yield [line, entry];
  }
}

function plainOutcome(value: JsonRecord, line: number): Recorded {
  const { t: atMs, outcome: name } = value;
  if (typeof atMs !== "number" || !Number.isFinite(atMs))
    throw problem(line, '"t" is not a number of ms');
  return { atMs, outcome: outcomeOf(name, line), target: undefined };
}

/** Attempts of one request; lines about anything else tell none. */
function loggedOutcomes(value: JsonRecord, line: number): Recorded[] {
  const { event, time, attempts, target, outcomes } = value;
  if (event !== "request" || attempts === 0) return [];
  const atMs = Date.parse(String(time));
  if (Number.isNaN(atMs)) throw problem(line, '"time" is no time');
  if (typeof outcomes === "string")
    return outcomes.split(" ").map((told) => {
      const [name = "", outcome] = told.split("=");
      return { atMs, outcome: outcomeOf(outcome, line), target: name };
    });
  if (attempts !== 1 || value["exit"] !== "ok" || typeof target !== "string")
    throw problem(line, "it does not tell how its attempts ended");
  return [{ atMs, outcome: "success", target }];
}

/** Those of one target; lines of several processes may stand in any order. */
function ofOneTarget(all: readonly Recorded[], wanted: string | undefined): RecordedOutcome[] {
  if (all.length === 0)
    throw gatewayErrors.make("LL_BREAKER_TRACE", "It tells of no attempt at all.");
  const names = [...new Set(all.map(({ target }) => target ?? ""))].toSorted();
  const shown = names.slice(0, namesShown).join(", ");
  if (wanted === undefined && names.length > 1)
    throw gatewayErrors.make(
      "LL_BREAKER_TRACE",
      `It tells of several targets: name one of ${shown}.`,
    );
  if (wanted !== undefined && !names.includes(wanted))
    throw gatewayErrors.make("LL_BREAKER_TRACE", `It tells nothing of ${wanted}, but of ${shown}.`);
  const kept = wanted === undefined ? all : all.filter(({ target }) => target === wanted);
  return kept.map(({ atMs, outcome }) => ({ atMs, outcome })).toSorted((a, b) => a.atMs - b.atMs);
}

function outcomeOf(name: unknown, line: number): BreakerOutcome {
  if (typeof name === "string") {
    if (isPlain(name)) return name;
    if (isClass(name)) return outcomeEffects[name].target;
  }
  throw problem(line, `unknown outcome ${JSON.stringify(name) ?? "undefined"}`);
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
