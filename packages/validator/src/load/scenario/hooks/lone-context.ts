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
  /** Pauses of the scenario take no time. */
  readonly hasNoPauses: boolean;
  /** Requests at most; above them nothing more is sent. */
  readonly requestsMax: number;
}

/** An ExecContext on connections of its own, outside of every account; closed by its owner. */
export interface LoneContext extends Disposable {
  readonly context: ExecContext;
}

const connectionsMax = 16;
const sweepMs = 100;

/** Requests that no figure counts: of hooks, and of the one sent before load. */
export function createLoneContext(o: LoneOptions): LoneContext {
  const { plan, clock } = o;
  const url = new URL(plan.target.baseUrl);
  const stop = new AbortController();
  let sent = 0;
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
    finished: finish,
    closedEarly: () => undefined,
    localFault: () => undefined,
  });
  const sweeping = sweep(connections, clock, stop.signal);
  const open = (step: number, index: number): Flight => {
    const flight = createFlight(0, index, clock.monotonicMs());
    flight.step = step;
    flight.wakeMs = flight.intendedMs;
    return flight;
  };
  const seed = scenarioSeed(plan.seed, o.name);
  const context: ExecContext = {
    clock: o.hasNoPauses ? withoutPauses(clock) : clock,
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
      if (stop.signal.aborted || ++sent > o.requestsMax) return;
      const flight = open(ask.step, ask.index);
      flight.client = ask.client;
      flight.answered = ask.answered;
      connections.send(flight);
    },
    begin: (step, index) => {
      const flight = open(step, index);
      flight.sendMs = clock.monotonicMs();
      return flight;
    },
    finish,
    metric: () => undefined,
    event: o.event,
  };
  return {
    context,
    [Symbol.dispose]: () => {
      stop.abort();
      sweeping();
      connections.close("cancelled");
    },
  };
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

function withoutPauses(clock: Clock): Clock {
  return {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    after: (_delayMs, run, o) => clock.after(0, run, o),
    sleep: (_delayMs, signal) => clock.sleep(0, signal),
  };
}
