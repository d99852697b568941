import type { BreakerState, BreakerTransition } from "@loadline/kit/circuit-breaker";
import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { AuditSink } from "../audit-log/events.ts";
import { everyTenant } from "../identity/authorize.ts";
import type { RoutingMetrics } from "../routing/metrics.ts";
import type { TargetState } from "../routing/target-state.ts";
import type { KeyState } from "./key-state.ts";

/** A breaker as the admin API shows it. */
export interface BreakerView {
  /** The target's name, or the id of one of its keys. */
  readonly id: string;
  readonly target: string;
  readonly state: BreakerState;
  /** Set while an operator holds it. */
  readonly override: "open" | "closed" | null;
  /** ms until calls are let through again; 0: now. */
  readonly retryAfterMs: number;
  /** Outcomes and failures in the window; 0 for a key, which has none. */
  readonly outcomes: number;
  readonly failures: number;
  readonly inFlight: number;
  /** Share of its traffic that a target on its way back takes, 0-1. */
  readonly rampShare: number;
}

/** Every breaker of this process: of its targets and of their keys. */
export interface BreakerBoard {
  list(): BreakerView[];
  /** Holds a breaker in a state, or lets it decide again (`auto`). False when there is none. */
  override(id: string, to: "open" | "closed" | "auto"): boolean;
  /** Hears of every transition of a target's breaker. Returns what ends that. */
  onTransition(listener: (target: string, transition: BreakerTransition) => void): () => void;
}

export interface BoardDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RoutingMetrics;
  readonly audit: AuditSink | undefined;
}

const actions: Readonly<Record<BreakerState, string>> = {
  open: "breaker.opened",
  half_open: "breaker.half_opened",
  closed: "breaker.closed",
};
const system = { id: "gateway", kind: "internal", via: "internal", credential: "" } as const;

/** Tells metrics, log, audit log and listeners of what breakers and keys do. */
export class Board implements BreakerBoard {
  readonly #deps: BoardDeps;
  readonly #states = new Map<string, TargetState>();
  readonly #listeners = new Set<(target: string, transition: BreakerTransition) => void>();

  constructor(deps: BoardDeps) {
    this.#deps = deps;
  }

  /** Replaces what is listed; states of before are forgotten and their gauges show nothing. */
  install(states: ReadonlyMap<string, TargetState>): void {
    for (const { index } of this.#states.values()) {
      this.#deps.metrics.setState(index, "closed");
      this.#deps.metrics.setKeys(index, { closed: 0, half_open: 0, open: 0 });
    }
    this.#states.clear();
    for (const [name, state] of states) this.#states.set(name, state);
  }

  /** Brings the gauges up to now. */
  refresh(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const { metrics } = this.#deps;
    for (const state of this.#states.values()) {
      metrics.setState(state.index, state.breaker.stateAt(nowMs));
      const counts = { closed: 0, half_open: 0, open: 0 };
      for (const key of state.keys) if (key.key) counts[key.stateAt(nowMs)]++;
      metrics.setKeys(state.index, counts);
    }
  }

  list(): BreakerView[] {
    const nowMs = this.#deps.clock.monotonicMs();
    return [...this.#states.values()].flatMap((state) => [
      targetView(state, nowMs),
      ...state.keys.flatMap((key) => (key.key ? [keyView(state, key, key.key.id, nowMs)] : [])),
    ]);
  }

  override(id: string, to: "open" | "closed" | "auto"): boolean {
    const target = this.#states.get(id);
    if (target) {
      target.breaker.force(to === "auto" ? undefined : to, this.#deps.clock.monotonicMs());
      return true;
    }
    for (const { keys } of this.#states.values()) {
      const key = keys.find((candidate) => candidate.key?.id === id);
      if (!key) continue;
      key.force(to === "auto" ? undefined : to);
      return true;
    }
    return false;
  }

  onTransition(listener: (target: string, transition: BreakerTransition) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** A target's breaker changed its state. */
  changed(state: TargetState, transition: BreakerTransition): void {
    const { from, to, reason, atMs } = transition;
    const { logger, metrics, audit } = this.#deps;
    metrics.onTransition(state.index, from, to);
    metrics.setState(state.index, to);
    if (to === "closed" && reason === "passed") state.ramp.start(atMs);
    const fields = { target: state.name, from, to, reason };
    if (to === "open") logger.warn("breaker", fields);
    else logger.info("breaker", fields);
    audit?.record({
      tenant: everyTenant,
      actor: system,
      action: actions[to],
      object: { type: "target", id: state.name },
      outcome: "ok",
      detail: { from, to, reason },
    });
    for (const listener of this.#listeners) listener(state.name, transition);
  }

  /** An upstream refused a key. */
  keyOut(state: TargetState, key: KeyState): void {
    const id = key.key?.id ?? state.name;
    this.#deps.logger.error("upstream key refused", { target: state.name, key: id });
    this.#deps.audit?.record({
      tenant: everyTenant,
      actor: system,
      action: "upstream_key.out",
      object: { type: "upstream_key", id },
      outcome: "failed",
      detail: { target: state.name },
    });
  }
}

function targetView(state: TargetState, nowMs: number): BreakerView {
  const { name, breaker, inFlight, ramp } = state;
  return {
    id: name,
    target: name,
    state: breaker.stateAt(nowMs),
    override: breaker.forced ?? null,
    retryAfterMs: breaker.waitMs(nowMs),
    outcomes: breaker.outcomes,
    failures: breaker.failures,
    inFlight,
    rampShare: ramp.share(nowMs),
  };
}

function keyView(state: TargetState, key: KeyState, id: string, nowMs: number): BreakerView {
  return {
    id,
    target: state.name,
    state: key.stateAt(nowMs),
    override: key.forced ?? null,
    retryAfterMs: key.waitMs(nowMs),
    outcomes: 0,
    failures: 0,
    inFlight: 0,
    rampShare: 1,
  };
}
