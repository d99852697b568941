import { type Clock, systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import type { ExecContext } from "../engine/exec.ts";
import { Connections } from "../engine/connections.ts";
import { createFlight, type Flight, type LoadOutcome } from "../engine/flight.ts";
import type { At } from "./asked.ts";

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly bad: boolean;
}

/** A context on real connections that keeps every account and figure for the test to read. */
export interface RecordingContext extends ExecContext, AsyncDisposable {
  readonly figures: readonly Figure[];
  readonly ended: readonly (readonly [Flight, LoadOutcome])[];
  readonly events: readonly string[];
  readonly opened: () => number;
  /** Flights of `begin`, in their order. */
  readonly begun: readonly Flight[];
  /** Ends what its clock says is late. */
  sweep(): void;
  /** Values of one figure. */
  valuesOf(name: string): number[];
}

export function createContext(
  baseUrl: string,
  clock = systemClock(),
  target: { readonly insecure?: boolean } = {},
): RecordingContext {
  const figures: Figure[] = [];
  const events: string[] = [];
  const stop = new AbortController();
  const url = new URL(baseUrl);
  return {
    ...createAccount(url, clock),
    clock,
    random: seededRandom(1),
    signal: stop.signal,
    seed: 7,
    scenario: 0,
    name: "s",
    plan: { target: { baseUrl, ...target }, seed: 7, scenarios: {}, limits: [] },
    worker: 0,
    workers: 1,
    base: { path: "", headers: ["host", url.host] },
    metric: (name, value, bad) => void figures.push({ name, value, bad: bad === true }),
    event: (text) => void events.push(text),
    events,
    figures,
    valuesOf: (name) => figures.filter((one) => one.name === name).map((one) => one.value),
  };
}

type Account = Pick<
  RecordingContext,
  "send" | "begin" | "finish" | "begun" | "ended" | "opened" | "sweep" | typeof Symbol.asyncDispose
>;

function createAccount(url: URL, clock: Clock): Account {
  const ended: [Flight, LoadOutcome][] = [];
  const begun: Flight[] = [];
  let opened = 0;
  const finish = (flight: Flight, outcome: LoadOutcome): void => {
    if (flight.ended) return;
    flight.ended = true;
    ended.push([flight, outcome]);
    flight.answered?.(flight, outcome);
  };
  const connections = new Connections({
    url,
    clock,
    scenarios: 1,
    connectionsMax: 64,
    queueMax: 10_000,
    timeouts: {},
    finished: finish,
    closedEarly: () => undefined,
    localFault: () => undefined,
  });
  const open = (step: number, index: number, intendedMs: number): Flight => {
    opened++;
    const nowMs = clock.monotonicMs();
    const flight = createFlight(0, index, Number.isNaN(intendedMs) ? nowMs : intendedMs);
    flight.step = step;
    flight.wakeMs = nowMs;
    return flight;
  };
  return {
    send: (ask) => {
      const flight = open(ask.step, ask.index, ask.intendedMs);
      flight.client = ask.client;
      flight.answered = ask.answered;
      connections.send(flight);
    },
    begin: (step, index, intendedMs) => {
      const flight = open(step, index, intendedMs);
      flight.sendMs = clock.monotonicMs();
      begun.push(flight);
      return flight;
    },
    begun,
    finish,
    ended,
    opened: () => opened,
    sweep: () => connections.sweep(clock.monotonicMs()),
    [Symbol.asyncDispose]: async () => {
      connections.close("cancelled");
      await Promise.resolve();
    },
  };
}

/** Due now, as request `index`. */
export function dueNow(index = 0, step = 0): At {
  return { step, index, intendedMs: Number.NaN, wakeMs: Number.NaN };
}
