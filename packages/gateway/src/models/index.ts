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
export { modelErrors } from "./error-table.ts";
export { checkModelFile } from "./model-file.ts";
export type { HostKeeper, Hosting, HostPlan } from "./hosting.ts";
export { type ChosenFiles, openChosen, type Rechecked } from "./swap/chosen.ts";
export type { ModelSlot } from "./swap/slot.ts";
export { makeSlot, openSlots } from "./swap/slots.ts";
export { createSwaps, type ModelSwaps, registeredFile } from "./swap/swaps.ts";
export { fileRoles, modelStates, ownFile, type SlotView } from "./swap/views.ts";
export { swapCheckIds } from "./swap/trial.ts";
export { withModels } from "./swap/wire.ts";
export type {
  ModelHost,
  ModelHostExit,
  ModelHostLogger,
  ModelHostOptions,
  ModelHostState,
} from "./start-model-host.ts";
