/**
 * In-process models: each is a child process behind a Unix socket that speaks OpenAI's HTTP API,
 * so a native crash, an out-of-memory kill or SIGKILL costs a model and never the gateway.
 *
 * ```ts
 * await using host = await startModelHost({ modelPath, socketPath, threads: 1, queueMax: 32,
 *   idleMs: 60_000, clock, logger, signal });
 * pool.connect(() => net.connect(host.socketPath));
 * ```
 */
export { modelErrors, modelErrorTable } from "./error-table.ts";
export { checkModelFile } from "./model-file.ts";
export { type HostKeeper, type Hosting, type HostPlan, keepHost } from "./hosting.ts";
export { startModelHost } from "./start-model-host.ts";
export type {
  ModelHost,
  ModelHostExit,
  ModelHostLogger,
  ModelHostOptions,
  ModelHostState,
} from "./start-model-host.ts";
