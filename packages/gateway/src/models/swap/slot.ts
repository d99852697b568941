import { LoadlineError } from "@loadline/kit/errors";
import { modelErrors } from "../error-table.ts";
import { type Hosting, type HostingDeps, type HostPlan, keepHost } from "../hosting.ts";
import { type ModelHost, startModelHost } from "../start-model-host.ts";
import { type Candidate, checkFile, checkMemory } from "./candidate.ts";
import type { ChosenFiles } from "./chosen.ts";
import { drainHost } from "./drain-host.ts";
import { checkHost, type SwapCheck } from "./trial.ts";
import { type FileRole, type FileView, type ModelState, ownFile, type SlotView } from "./views.ts";

export interface SlotOptions {
  /** The target's name. */
  readonly target: string;
  readonly plan: HostPlan;
  readonly isStandby: boolean;
  readonly compileCacheDir: string;
  /** The socket of the n-th file this slot loads. */
  socketPathOf(n: number): string;
}

export interface SlotDeps extends HostingDeps {
  /** Bytes this process could still take. */
  freeBytes(): number;
  /** What it was swapped to before; absent: nothing is kept. */
  readonly chosen?: ChosenFiles | undefined;
}

/** One file that is or was loaded here. */
interface Loaded {
  readonly file: Candidate;
  readonly socketPath: string;
  state: ModelState;
  sinceMs: number;
  hosting: Hosting | undefined;
}

const pastMax = 8;
const closedText = "the model was closed meanwhile";

/**
 * A model that can be exchanged while it serves: the new one is loaded and tried beside the old one,
 * then `socketPath` is another. The old one stays for a time to go back to.
 */
export class ModelSlot implements Hosting {
  readonly #o: SlotOptions;
  readonly #deps: SlotDeps;
  readonly #stop = new AbortController();
  readonly #past: Loaded[] = [];
  readonly #ends = new Set<Promise<void>>();
  #serving: Loaded;
  #kept: { readonly loaded: Loaded; readonly untilMs: number; forget(): void } | undefined;
  #next: Loaded | undefined;
  #checks: readonly SwapCheck[] = [];
  #count = 0;

  constructor(o: SlotOptions, deps: SlotDeps) {
    this.#o = o;
    this.#deps = deps;
    const { isStandby, plan, target } = o;
    const chosen = deps.chosen?.of(target, plan.modelPath);
    this.#serving = this.#hosted(chosen ?? this.#own, isStandby);
  }

  get target(): string {
    return this.#o.target;
  }

  get socketPath(): string {
    return this.#serving.socketPath;
  }

  get isStandby(): boolean {
    return this.#serving.hosting?.isStandby ?? false;
  }

  isReady(): boolean {
    return this.#serving.hosting?.isReady() ?? false;
  }

  start(): void {
    this.#serving.hosting?.start();
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error(closedText));
    this.#kept?.forget();
    const open = [this.#serving, this.#kept?.loaded, this.#next, ...this.#past];
    await Promise.all([...open.map((one) => one?.hosting?.close()), ...this.#ends]);
  }

  /**
   * Loads a file beside the one that serves and switches to it once it passed all five checks, which
   * are returned. LL_MODEL_SWAP_RUNNING; LL_MODEL_SWAP_OVERTAKEN when it is not wanted any more;
   * LL_MODEL_DAMAGED and LL_MODEL_SWAP_CHECKS list the five. The one before serves on then.
   */
  async swap(
    candidate: Candidate,
    rollbackForMs: number,
    isStillWanted: () => boolean = () => true,
  ): Promise<readonly SwapCheck[]> {
    if (this.#next) throw modelErrors.make("LL_MODEL_SWAP_RUNNING");
    const next = this.#loaded(candidate, "loading");
    this.#next = next;
    try {
      this.#checks = await this.#tried(next, candidate);
      const isPassed = this.#checks.every(({ outcome }) => outcome === "passed");
      if (!isStillWanted()) throw modelErrors.make("LL_MODEL_SWAP_OVERTAKEN");
      if (!isPassed) throw refusalOf(candidate, this.#checks);
    } catch (cause) {
      await next.hosting?.close();
      this.#to(next, "failed");
      this.#remember(next);
      throw cause;
    } finally {
      this.#next = undefined;
    }
    this.#switch(next, rollbackForMs);
    return this.#checks;
  }

  /** Goes back to the file before, which is loaded still. LL_MODEL_ROLLBACK_NONE, _DOWN. */
  rollback(): { readonly from: string; readonly to: string } {
    const kept = this.#kept;
    if (!kept) throw modelErrors.make("LL_MODEL_ROLLBACK_NONE");
    if (!this.canRollback) throw modelErrors.make("LL_MODEL_ROLLBACK_DOWN");
    kept.forget();
    this.#kept = undefined;
    const left = this.#serving;
    this.#serving = kept.loaded;
    this.#choose();
    this.#deps.onChange?.();
    this.#unload(left);
    return { from: left.file.name, to: kept.loaded.file.name };
  }

  /** Whether there is a file to go back to. */
  get hasRollback(): boolean {
    return this.#kept !== undefined;
  }

  /** Whether that file's host answers now. */
  get canRollback(): boolean {
    return this.#kept?.loaded.hosting?.isReady() ?? false;
  }

  /** Where the file lies that the target itself names. */
  get ownPath(): string {
    return this.#o.plan.modelPath;
  }

  get #own(): Candidate {
    return { name: ownFile, path: this.ownPath };
  }

  view(): SlotView {
    const { target, plan } = this.#o;
    const monotonicMs = this.#deps.clock.monotonicMs();
    const wallMs = this.#deps.clock.wallMs();
    const iso = (ms: number): string => new Date(wallMs + ms - monotonicMs).toISOString();
    const files: FileView[] = [];
    const add = (one: Loaded | undefined, role: FileRole): void => {
      if (!one) return;
      const { name, path } = one.file;
      files.push({ name, path, state: stateOf(one), role, since: iso(one.sinceMs) });
    };
    add(this.#serving, "serving");
    add(this.#kept?.loaded, "rollback");
    add(this.#next, "candidate");
    for (const one of this.#past) add(one, "past");
    const rollbackUntil = this.#kept ? iso(this.#kept.untilMs) : null;
    const model = plan.modelName ?? target;
    return { target, model, files, rollbackUntil, checks: this.#checks };
  }

  #loaded(file: Candidate, state: ModelState): Loaded {
    const socketPath = this.#o.socketPathOf(this.#count++);
    const sinceMs = this.#deps.clock.monotonicMs();
    return { file, socketPath, state, sinceMs, hosting: undefined };
  }

  /** A file that serves without being tried: the target's own, or one that was tried before. */
  #hosted(file: Candidate, isStandby: boolean): Loaded {
    const one = this.#loaded(file, "ready");
    const plan = { ...this.#o.plan, modelPath: file.path, ...this.#placed(one.socketPath) };
    const onGivenUp = (): void => this.#fallBack(one);
    one.hosting = keepHost(plan, { ...this.#deps, isStandby, onGivenUp });
    return one;
  }

  /** One that was swapped to and cannot be loaded any more leaves its place to the target's own. */
  #fallBack(from: Loaded): void {
    if (from !== this.#serving || from.file.name === ownFile) return;
    this.#to(from, "failed");
    this.#remember(from);
    this.#serving = this.#hosted(this.#own, false);
    this.#deps.logger.error("model.not_kept", { target: this.#o.target, name: from.file.name });
  }

  /** What serves now serves after a restart, too. */
  #choose(): void {
    this.#deps.chosen?.choose(this.#o.target, this.ownPath, this.#serving.file);
  }

  #placed(socketPath: string) {
    return { socketPath, compileCacheDir: this.#o.compileCacheDir };
  }

  #to(one: Loaded, state: ModelState): void {
    const { clock, logger } = this.#deps;
    const nowMs = clock.monotonicMs();
    const ms = Math.round(nowMs - one.sinceMs);
    const { target } = this.#o;
    logger.info("model", { target, name: one.file.name, from: one.state, to: state, ms });
    one.state = state;
    one.sinceMs = nowMs;
  }

  /** The five results; a check that the ones before it made impossible is not tested. */
  async #tried(next: Loaded, candidate: Candidate): Promise<readonly SwapCheck[]> {
    const file = await checkFile(candidate);
    const first = [file.check, checkMemory(file.bytes, this.#deps.freeBytes())];
    const isLoadable = first.every(({ outcome }) => outcome === "passed");
    const host = isLoadable ? await this.#load(next) : "not loaded";
    if (typeof host === "string") return [...first, ...untested(host)];
    this.#to(next, "warming");
    const modelName = this.#o.plan.modelName ?? this.#o.target;
    const at = { socketPath: next.socketPath, modelName };
    const current = this.isReady() ? { socketPath: this.socketPath, modelName } : undefined;
    const { clock } = this.#deps;
    const trial = { clock, signal: this.#stop.signal };
    return [...first, ...(await checkHost(at, current, trial))];
  }

  /** Starts the new host; the reason when it does not load. */
  async #load(next: Loaded): Promise<ModelHost | string> {
    const { clock, logger } = this.#deps;
    const signal = AbortSignal.any([this.#stop.signal, this.#deps.signal]);
    const plan = { ...this.#o.plan, modelPath: next.file.path, ...this.#placed(next.socketPath) };
    const starting = startModelHost({ ...plan, clock, logger, signal });
    this.#awaitAtEnd(starting);
    try {
      const host = await starting;
      const onGivenUp = (): void => this.#fallBack(next);
      next.hosting = keepHost(plan, { ...this.#deps, first: host, onGivenUp });
      return host;
    } catch (cause) {
      if (signal.aborted) return closedText;
      if (!(cause instanceof LoadlineError)) throw cause;
      return `not loaded: ${cause.code} ${cause.message}`;
    }
  }

  #switch(next: Loaded, rollbackForMs: number): void {
    const { clock } = this.#deps;
    this.#to(next, "ready");
    const before = this.#serving;
    const older = this.#kept;
    this.#kept = undefined;
    older?.forget();
    this.#serving = next;
    this.#choose();
    this.#deps.onChange?.();
    if (older) this.#unload(older.loaded);
    if (rollbackForMs === 0) {
      this.#unload(before);
      return;
    }
    const end = (): void => {
      this.#kept = undefined;
      this.#unload(before);
    };
    const timer = clock.after(rollbackForMs, end, { unref: true });
    const untilMs = clock.monotonicMs() + rollbackForMs;
    this.#kept = { loaded: before, untilMs, forget: () => timer.cancel() };
  }

  /** Ends a host once it has answered what it was asked. */
  #unload(one: Loaded): void {
    this.#to(one, "draining");
    this.#remember(one);
    const { clock, logger } = this.#deps;
    const run = async (): Promise<void> => {
      try {
        await drainHost(one.socketPath, { clock, signal: this.#stop.signal });
      } catch (cause) {
        const text = cause instanceof Error ? cause.message : String(cause);
        if (!this.#stop.signal.aborted)
          logger.warn("model not drained", { name: one.file.name, text });
      }
      await one.hosting?.close();
      this.#to(one, "unloaded");
    };
    this.#awaitAtEnd(run());
  }

  /** Something of a child process that `close` does not leave behind. */
  #awaitAtEnd(running: Promise<unknown>): void {
    const forget = (): void => void this.#ends.delete(done);
    const done: Promise<void> = running.then(forget, forget);
    this.#ends.add(done);
  }

  #remember(one: Loaded): void {
    this.#past.unshift(one);
    this.#past.splice(pastMax);
  }
}

/** One that serves may be a standby still, or be started again after a crash. */
function stateOf({ state, hosting }: Loaded): ModelState {
  if (state !== "ready" || !hosting || hosting.isReady()) return state;
  return hosting.isStandby ? "registered" : "loading";
}

function untested(why: string): SwapCheck[] {
  const ids = ["template", "prompts", "latency"] as const;
  return ids.map((id) => ({ id, outcome: "not_tested", detail: why }));
}

/** All five results in one line, by the code of the worst. */
function refusalOf(candidate: Candidate, checks: readonly SwapCheck[]): LoadlineError {
  const isDamaged = checks.some(({ id, outcome }) => id === "file" && outcome === "failed");
  const code = isDamaged ? "LL_MODEL_DAMAGED" : "LL_MODEL_SWAP_CHECKS";
  const lines = checks.map(({ id, outcome, detail }) => `${id} ${outcome} (${detail})`);
  return modelErrors.make(code, `${candidate.name} was not taken: ${lines.join("; ")}.`);
}
