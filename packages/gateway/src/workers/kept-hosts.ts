import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import { type ChosenFiles, makeSlot, type ModelSlot } from "../models/index.ts";
import type { HostAsk, HostState } from "./calls.ts";

export interface KeptHostsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Folder for sockets; exists, mode 0700. */
  readonly runDir: string;
  /** What models were swapped to before. */
  readonly chosen?: ChosenFiles | undefined;
  /** A host began or ceased to serve, or was asked for. */
  tell(state: HostState): void;
}

interface Kept {
  readonly id: number;
  readonly key: string;
  readonly hosting: ModelSlot;
  /** How often each worker has it open. */
  readonly users: Map<number, number>;
}

/** A host that nobody has open ends after this time: a worker that died comes back to it. */
const lingerMs = 15_000;

/** Model hosts started once, whoever of the workers serves from them. */
export class KeptHosts {
  readonly #deps: KeptHostsDeps;
  readonly #hosts = new Map<number, Kept>();
  #next = 1;

  constructor(deps: KeptHostsDeps) {
    this.#deps = deps;
  }

  /** Those that a worker serves from, the one asked for last at the end. */
  slots(): readonly ModelSlot[] {
    const used = [...this.#hosts.values()].filter(({ users }) => users.size > 0);
    return used.map(({ hosting }) => hosting);
  }

  open(worker: number, ask: HostAsk): HostState {
    const key = JSON.stringify([ask.name, ask.plan]);
    let kept = [...this.#hosts.values()].find((one) => one.key === key);
    if (!kept) kept = this.#keep(key, ask);
    else if (!ask.isStandby) kept.hosting.start();
    // One that a configuration came back to is the newest again.
    this.#hosts.delete(kept.id);
    this.#hosts.set(kept.id, kept);
    kept.users.set(worker, (kept.users.get(worker) ?? 0) + 1);
    return stateOf(kept);
  }

  start(id: number): void {
    const kept = this.#hosts.get(id);
    kept?.hosting.start();
    if (kept) this.#deps.tell(stateOf(kept));
  }

  close(worker: number, id: number): void {
    const kept = this.#hosts.get(id);
    const uses = (kept?.users.get(worker) ?? 0) - 1;
    if (!kept) return;
    if (uses > 0) kept.users.set(worker, uses);
    else kept.users.delete(worker);
    if (kept.users.size === 0) this.#linger(kept);
  }

  /** A worker ended. */
  forget(worker: number): void {
    for (const kept of this.#hosts.values()) {
      if (!kept.users.delete(worker)) continue;
      if (kept.users.size === 0) this.#linger(kept);
    }
  }

  async closeAll(): Promise<void> {
    const all = [...this.#hosts.values()];
    this.#hosts.clear();
    await Promise.all(all.map(({ hosting }) => hosting.close()));
  }

  #keep(key: string, { name, plan, isStandby }: HostAsk): Kept {
    const id = this.#next++;
    const { clock, logger, signal, runDir, chosen, tell } = this.#deps;
    const onChange = (): void => {
      const kept = this.#hosts.get(id);
      if (kept) tell(stateOf(kept));
    };
    const deps = { clock, logger, signal, runDir, chosen, onChange };
    const hosting = makeSlot({ id, target: name, plan, isStandby }, deps);
    return { id, key, hosting, users: new Map() };
  }

  #linger(kept: Kept): void {
    const { clock, logger } = this.#deps;
    const end = (): void => {
      if (kept.users.size > 0 || !this.#hosts.delete(kept.id)) return;
      kept.hosting.close().catch((cause: unknown) => {
        const text = cause instanceof Error ? cause.message : String(cause);
        logger.warn("model host not closed", { text });
      });
    };
    clock.after(lingerMs, end, { unref: true });
  }
}

function stateOf({ id, hosting }: Kept): HostState {
  const { socketPath, isStandby } = hosting;
  return { id, socketPath, isStandby, isReady: hosting.isReady() };
}
