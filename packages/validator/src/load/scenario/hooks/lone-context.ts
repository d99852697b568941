import type { Clock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { Connections } from "../../engine/connections.ts";
import type { ExecContext } from "../../engine/exec.ts";
import { createFlight, type Flight, type LoadOutcome } from "../../engine/flight.ts";
import { targetBase } from "../../engine/target-base.ts";
import { scenarioSeed } from "../../schedule/arrivals.ts";
import type { LoadPlan } from "../../types.ts";

/** What a lone context is made of. */
export interface LoneOptions {
  readonly plan: LoadPlan;
  readonly clock: Clock;
  /** Scenario whose seed and name it has, or a hook's. */
  readonly name: string;
  /** Told of every request's end. */
  readonly ended: (flight: Flight, outcome: LoadOutcome) => void;
  readonly event: (text: string) => void;
  /** Pauses of the scenario take no time, and nothing is asked for again. */
  readonly isProbe: boolean;
  /** Requests at most; above them nothing more is sent. */
  readonly requestsMax: number;
  /** Told once when something was not sent for being above them: it never ends. */
  readonly spent?: () => void;
}

/** An ExecContext on connections of its own, outside of every account; closed by its owner. */
export interface LoneContext extends Disposable {
  readonly context: ExecContext;
  /** From here on pauses take their time: what is taken away must be waited for. */
  keepPauses(): void;
}

const connectionsMax = 16;
const sweepMs = 100;

/** Requests that no figure counts: of hooks, and of the one sent before load. */
export function createLoneContext(o: LoneOptions): LoneContext {
  const { plan, clock } = o;
  const url = new URL(plan.target.baseUrl);
  const stop = new AbortController();
  let sent = 0;
  let hasPauses = !o.isProbe;
  const finish = (flight: Flight, outcome: LoadOutcome): void => {
    if (flight.ended) return;
    flight.ended = true;
    o.ended(flight, outcome);
    flight.answered?.(flight, outcome);
  };
  const connections = new Connections({
    url,
    clock,
    scenarios: 1,
    connectionsMax,
    queueMax: o.requestsMax,
    timeouts: plan.timeouts ?? {},
    insecure: plan.target.insecure === true,
    finished: finish,
    closedEarly: () => undefined,
    localFault: () => undefined,
  });
  const sweeping = sweep(connections, clock, stop.signal);
  const seed = scenarioSeed(plan.seed, o.name);
  const context: ExecContext = {
    clock: pausing(clock, () => hasPauses),
    isProbe: o.isProbe,
    random: seededRandom(seed),
    signal: stop.signal,
    seed,
    scenario: 0,
    name: o.name,
    plan,
    worker: 0,
    workers: 1,
    base: targetBase(plan, url),
    send(ask) {
      if (stop.signal.aborted) return;
      if (++sent > o.requestsMax) {
        if (sent === o.requestsMax + 1) o.spent?.();
        return;
      }
      const flight = openFlight(clock, ask.step, ask.index);
      flight.client = ask.client;
      flight.answered = ask.answered;
      connections.send(flight);
    },
    begin: (step, index) => {
      const flight = openFlight(clock, step, index);
      flight.sendMs = clock.monotonicMs();
      return flight;
    },
    finish,
    metric: () => undefined,
    event: o.event,
  };
  return {
    context,
    keepPauses: () => void (hasPauses = true),
    [Symbol.dispose]: () => {
      stop.abort();
      sweeping();
      connections.close("cancelled");
    },
  };
}

function openFlight(clock: Clock, step: number, index: number): Flight {
  const flight = createFlight(0, index, clock.monotonicMs());
  flight.step = step;
  flight.wakeMs = flight.intendedMs;
  return flight;
}

/** Timeouts are checked by whoever owns the connections. Returns how to stop. */
function sweep(connections: Connections, clock: Clock, signal: AbortSignal): () => void {
  let timer = clock.after(sweepMs, tick);
  function tick(): void {
    if (signal.aborted) return;
    connections.sweep(clock.monotonicMs());
    timer = clock.after(sweepMs, tick);
  }
  return () => timer.cancel();
}

/** The clock, whose pauses take no time while it has none. */
function pausing(clock: Clock, hasPauses: () => boolean): Clock {
  return {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, run, o) => clock.after(hasPauses() ? delayMs : 0, run, o),
    sleep: (delayMs, signal) => clock.sleep(hasPauses() ? delayMs : 0, signal),
  };
}
