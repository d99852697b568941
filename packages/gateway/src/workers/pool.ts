import type { Clock, Timer } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { SupervisorCalls, WorkerPlan } from "./calls.ts";
import type { Handlers } from "./peer.ts";
import { Restarts } from "./restarts.ts";
import { startWorker, type WorkerHandle } from "./worker-process.ts";

export interface WorkerPoolDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly wanted: number;
  /** This process listens for them. */
  readonly isRoundRobin: boolean;
  readonly log: (text: string) => void;
  handlersOf(id: number): Handlers<SupervisorCalls>;
  /** What the next worker begins with. */
  plan(): WorkerPlan;
  onEnded(worker: RunningWorker): void;
}

/** A worker that was started. */
export interface RunningWorker {
  /** Never used twice. */
  readonly id: number;
  readonly handle: WorkerHandle;
  /** It listens. */
  isServing: boolean;
  /** Its last metrics, for those that ended. */
  lastText: string;
}

/** A new process that does not listen within this time is ended. */
const beginMs = 60_000;

/** Keeps the wanted number of workers running until it is closed. */
export class WorkerPool {
  readonly #deps: WorkerPoolDeps;
  readonly #running = new Map<number, RunningWorker>();
  readonly #restarts = new Restarts();
  readonly #timers = new Set<Timer>();
  #next = 1;
  #isClosing = false;
  /** The last of what runs while no worker begins. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #beginning = new Set<Promise<unknown>>();

  constructor(deps: WorkerPoolDeps) {
    this.#deps = deps;
  }

  get serving(): RunningWorker[] {
    return this.running.filter((one) => one.isServing);
  }

  /** Those that serve and those that begin. */
  get running(): RunningWorker[] {
    return [...this.#running.values()];
  }

  /** Whether its process runs. */
  has(id: number): boolean {
    return this.#running.has(id);
  }

  get restarts(): number {
    return this.#restarts.total;
  }

  get isDegraded(): boolean {
    return this.#restarts.isDegraded(this.#deps.clock.monotonicMs());
  }

  /** Starts all; rejects with the first one's error when they cannot begin. */
  async start(): Promise<string> {
    const { url } = await this.#begin();
    const others = Array.from({ length: this.#deps.wanted - 1 }, () => this.#begin());
    await Promise.all(others);
    return url;
  }

  /** Runs `run` while no worker begins. */
  exclusive<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => Promise.allSettled(this.#beginning)).then(run);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Ends every worker; the ones that do not end by themselves within `boundMs` are killed. */
  async close(drain: (worker: RunningWorker) => Promise<void>, boundMs: number): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#timers) timer.cancel();
    const all = this.running;
    const late = this.#deps.clock.after(boundMs, () => all.forEach((one) => one.handle.kill()));
    await Promise.all(
      all.map(async (worker) => {
        if (worker.isServing) await drain(worker);
        else worker.handle.kill();
        worker.handle.release();
        await worker.handle.ended;
      }),
    );
    late.cancel();
  }

  #begin(): Promise<{ readonly url: string }> {
    const id = this.#next++;
    const { clock, logger, log, isRoundRobin } = this.#deps;
    const handle = startWorker(this.#deps.handlersOf(id), {
      clock,
      log,
      isRoundRobin,
      onFault: (text) => logger.error("worker.channel", { worker: id, text }),
      onEnd: (how) => this.#ended(worker, how),
    });
    const worker: RunningWorker = { id, handle, isServing: false, lastText: "" };
    this.#running.set(id, worker);
    const begin = async (): Promise<{ readonly url: string }> => {
      try {
        const begun = await handle.peer.call("begin", this.#deps.plan(), beginMs);
        worker.isServing = true;
        logger.info("worker", { worker: id, pid: handle.pid, url: begun.url });
        return begun;
      } catch (cause) {
        handle.kill();
        throw cause;
      }
    };
    return this.#turn.then(() => {
      const begun = begin();
      this.#beginning.add(begun);
      const done = (): void => void this.#beginning.delete(begun);
      begun.then(done, done);
      return begun;
    });
  }

  #ended(worker: RunningWorker, how: string): void {
    const { clock, logger } = this.#deps;
    this.#running.delete(worker.id);
    worker.isServing = false;
    this.#deps.onEnded(worker);
    if (this.#isClosing) return;
    const delayMs = this.#restarts.ended(clock.monotonicMs());
    logger.error("worker ended", { worker: worker.id, pid: worker.handle.pid, how, delayMs });
    this.#replace(delayMs);
  }

  /** One that cannot begin ends, and is replaced like any other. */
  #replace(delayMs: number): void {
    const { clock, logger } = this.#deps;
    const failed = (cause: unknown): void => {
      const text = cause instanceof Error ? cause.message : String(cause);
      logger.error("worker not begun", { text });
    };
    const timer = clock.after(delayMs, () => {
      this.#timers.delete(timer);
      try {
        this.#begin().catch(failed);
      } catch (cause) {
        // The system made no process, such as for want of memory: nobody tells of its end.
        failed(cause);
        this.#replace(this.#restarts.ended(clock.monotonicMs()));
      }
    });
    this.#timers.add(timer);
  }
}
