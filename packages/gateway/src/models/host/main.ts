/**
 * The child process of one in-process model. Settings are its one argument; it tells its parent
 * `ready` or `failed` over the IPC channel and ends when that channel closes, whoever closed it.
 */
import { rmSync, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import type { Server } from "node:http";
import type { Clock } from "@loadline/kit/clock";
import { systemClock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import { systemRandom } from "@loadline/kit/random";
import { checkModelFile } from "../model-file.ts";
import type { HostMessage, HostSettings } from "../protocol.ts";
import type { Engine } from "./engine.ts";
import { loadEngine } from "./engine.ts";
import { defaultRssMax, watchMemory } from "./memory-cap.ts";
import { createHostServer } from "./server.ts";
import { createSlots } from "./slots.ts";

/** Time for native work to end after the parent is gone. */
const disposeMaxMs = 1500;

interface Running {
  readonly engine: Engine;
  readonly server: Server;
}

async function run(settings: HostSettings, clock: Clock): Promise<Running> {
  await checkModelFile(settings.modelPath);
  const fileBytes = statSync(settings.modelPath).size;
  let contextBytes = 0;
  const rssBytesMax = (): number => settings.rssBytesMax ?? defaultRssMax(fileBytes, contextBytes);
  watchMemory({
    clock,
    rssBytesMax,
    rssBytes: () => process.memoryUsage.rss(),
    // At once: what asks for memory without end does not wait for its last answer.
    onOver: (message) =>
      tell({ type: "failed", code: "LL_MODEL_MEMORY", message }, () =>
        process.kill(process.pid, "SIGKILL"),
      ),
  });
  const onContextBytes = (bytes: number): void => void (contextBytes = bytes);
  const engine = await loadEngine({ ...settings, onContextBytes });
  const server = createHostServer(
    {
      engine,
      slots: createSlots(engine.sequences, { ...settings, clock }),
      modelName: settings.modelName,
      areAnyEmbeddings: settings.embeddings === "any",
      clock,
      random: systemRandom(),
      rssBytesMax,
      counters: { requests: 0, active: 0, aborted: 0, tokens: 0 },
    },
    settings.idleMs,
  );
  // A killed host leaves its socket behind, and the next bind would fail on it.
  rmSync(settings.socketPath, { force: true });
  process.umask(0o177);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(settings.socketPath, resolve);
  await promise;
  return { engine, server };
}

function failure(error: unknown): HostMessage {
  const text = error instanceof Error ? error.message : String(error);
  const code =
    error instanceof LoadlineError && error.code === "LL_MODEL_DAMAGED" ? error.code : undefined;
  return { type: "failed", code: code ?? "LL_MODEL_LOAD", message: text };
}

function tell(message: HostMessage, then?: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, then);
  else then?.();
}

/** Native threads may outlive the event loop: what does not end in time is ended. */
function endSoon(clock: Clock, running: Running | undefined): void {
  clock.after(disposeMaxMs, () => process.kill(process.pid, "SIGKILL"), { unref: true });
  running?.server.close();
  running?.server.closeAllConnections();
  void running?.engine.dispose();
}

async function main(): Promise<void> {
  const clock = systemClock();
  const startedMs = clock.monotonicMs();
  const settings: HostSettings = JSON.parse(process.argv[2] ?? "{}");
  if (settings.compileCacheDir !== undefined) enableCompileCache(settings.compileCacheDir);
  // Signals to the process group are the parent's business: it drains first, or reloads.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => undefined);
  let running: Running | undefined;
  let isOver = false;
  process.on("disconnect", () => {
    isOver = true;
    endSoon(clock, running);
  });
  try {
    running = await run(settings, clock);
    if (isOver) endSoon(clock, running);
    else tell({ type: "ready", loadMs: Math.round(clock.monotonicMs() - startedMs) });
  } catch (error) {
    process.exitCode = 1;
    tell(failure(error));
    if (process.connected) process.disconnect();
  }
}

await main();
