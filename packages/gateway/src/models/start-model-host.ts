import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { unlinkSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "@loadline/kit/clock";
import { codeOf } from "@loadline/kit/errors";
import { modelErrors } from "./error-table.ts";
import type { HostSettings } from "./protocol.ts";
import { parseHostMessage } from "./protocol.ts";

export interface ModelHostLogger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface ModelHostOptions {
  readonly modelPath: string;
  /** A path of at most 107 bytes; the socket is made with mode 0600. */
  readonly socketPath: string;
  /** Threads of native work: 1 below 100 M parameters. */
  readonly threads: number;
  /** Requests that may wait for a sequence; the next one is answered 503. */
  readonly queueMax: number;
  /** A client connection without traffic is closed after this time. */
  readonly idleMs: number;
  readonly clock: Clock;
  readonly logger: ModelHostLogger;
  readonly signal: AbortSignal;
  /** Name in `/v1/models`; the file name without `.gguf` when absent. */
  readonly modelName?: string;
  readonly sequences?: number;
  readonly contextTokens?: number;
  readonly queueWaitMs?: number;
  readonly startTimeoutMs?: number;
  /** Resident bytes beyond which the child ends; default 1 GiB and three times the file and its contexts. */
  readonly rssBytesMax?: number | undefined;
  /** Whether a model that was not made for it may give out vectors; default `semantic`: it may not. */
  readonly embeddings?: "semantic" | "any";
  /** Where compiled code is kept between starts; saves a third of the start. */
  readonly compileCacheDir?: string;
  /** Entry of the child where `hostEntry` does not find it. */
  readonly entryPath?: string;
}

export type ModelHostState = "loading" | "ready" | "failed" | "closed";

export interface ModelHostExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** True when `close` asked for it. */
  readonly wanted: boolean;
}

export interface ModelHost extends AsyncDisposable {
  readonly socketPath: string;
  readonly pid: number;
  readonly state: ModelHostState;
  /** Ends the child: asks first, SIGKILL after 2 s. Resolves when it is gone. */
  close(): Promise<void>;
  /** Calls once when the child is gone; at once when it already is. */
  onExit(told: (exit: ModelHostExit) => void): void;
}

const closeGraceMs = 2000;
const stderrBytesMax = 8192;

/**
 * Starts a model host and resolves when it serves. Rejects with `LL_MODEL_DAMAGED`, `LL_MODEL_LOAD`,
 * `LL_MODEL_MEMORY`, `LL_MODEL_HOST_EXIT`, `LL_MODEL_START_TIMEOUT` or the signal's reason; the child is gone by then.
 */
export async function startModelHost(options: ModelHostOptions): Promise<ModelHost> {
  options.signal.throwIfAborted();
  const child = new HostProcess(options);
  try {
    await child.ready(options.startTimeoutMs ?? 30_000, options.signal);
  } catch (error) {
    await child.close();
    throw error;
  }
  return child;
}

function hostSettings(o: ModelHostOptions): HostSettings {
  return {
    modelPath: o.modelPath,
    modelName: o.modelName ?? basename(o.modelPath, ".gguf"),
    socketPath: o.socketPath,
    threads: o.threads,
    sequences: o.sequences ?? 2,
    contextTokens: o.contextTokens ?? 512,
    queueMax: o.queueMax,
    queueWaitMs: o.queueWaitMs ?? 1000,
    idleMs: o.idleMs,
    ...(o.rssBytesMax === undefined ? {} : { rssBytesMax: o.rssBytesMax }),
    ...(o.embeddings === undefined ? {} : { embeddings: o.embeddings }),
    ...(o.compileCacheDir === undefined ? {} : { compileCacheDir: o.compileCacheDir }),
  };
}

/** The child's entry: beside this source, or `model-host.js` beside the bundle this is part of. */
export function hostEntry(moduleUrl: string): string {
  const entry = moduleUrl.endsWith(".ts") ? "./host/main.ts" : "./model-host.js";
  return fileURLToPath(new URL(entry, moduleUrl));
}

class HostProcess implements ModelHost {
  readonly socketPath: string;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #logger: ModelHostLogger;
  readonly #loaded = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<ModelHostExit>();
  #state: ModelHostState = "loading";
  #closing = false;
  #stderr = "";

  constructor(o: ModelHostOptions) {
    this.socketPath = o.socketPath;
    this.#clock = o.clock;
    this.#logger = o.logger;
    this.#child = fork(
      o.entryPath ?? hostEntry(import.meta.url),
      [JSON.stringify(hostSettings(o))],
      {
        execArgv: ["--disable-warning=ExperimentalWarning"],
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      },
    );
    // A rejection before anyone awaits it is reported through ready(), not as unhandled.
    this.#loaded.promise.catch(() => undefined);
    this.#child.on("message", (value) => this.#onMessage(value));
    this.#child.on("error", (cause) => this.#onGone(null, null, cause));
    this.#child.on("exit", (code, signal) => this.#onGone(code, signal));
    this.#child.stderr?.setEncoding("utf8");
    this.#child.stderr?.on("data", (text: string) => this.#onStderr(text));
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get state(): ModelHostState {
    return this.#state;
  }

  async ready(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#loaded.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = this.#clock.after(timeoutMs, () =>
      this.#loaded.reject(modelErrors.make("LL_MODEL_START_TIMEOUT")),
    );
    try {
      await this.#loaded.promise;
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
    }
    signal.addEventListener("abort", () => void this.close(), { once: true });
  }

  onExit(told: (exit: ModelHostExit) => void): void {
    void this.#gone.promise.then(told);
  }

  async close(): Promise<void> {
    if (!this.#closing && this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#closing = true;
      // One that does not serve yet has nothing to finish.
      if (this.#state !== "ready") this.#child.kill("SIGKILL");
      else if (this.#child.connected) this.#child.disconnect();
      const timer = this.#clock.after(closeGraceMs, () => this.#child.kill("SIGKILL"));
      void this.#gone.promise.then(() => timer.cancel());
    }
    await this.#gone.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onMessage(value: unknown): void {
    const message = parseHostMessage(value);
    if (message === undefined) return;
    if (message.type === "ready") {
      this.#state = "ready";
      this.#logger.info("model host ready", { pid: this.pid, loadMs: message.loadMs });
      this.#loaded.resolve();
      return;
    }
    const { code, message: text } = message;
    this.#state = "failed";
    this.#logger.warn("model host failed", { pid: this.pid, code, text });
    this.#loaded.reject(modelErrors.make(code, text));
  }

  #onStderr(text: string): void {
    this.#stderr = (this.#stderr + text).slice(-stderrBytesMax);
    this.#logger.warn("model host wrote to stderr", { pid: this.pid, text: text.trimEnd() });
  }

  #onGone(code: number | null, signal: string | null, cause?: unknown): void {
    const detail = { detail: this.#stderr, cause };
    this.#loaded.reject(modelErrors.make("LL_MODEL_HOST_EXIT", undefined, detail));
    if (this.#state !== "failed") this.#state = this.#closing ? "closed" : "failed";
    // A killed child cannot remove its socket; a leftover would make the next bind fail.
    removeSocket(this.socketPath);
    this.#gone.resolve({ code, signal, wanted: this.#closing });
  }
}

function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}
