import { resolve } from "node:path";
import {
  embeddedConfig,
  explainStages,
  explainWorkers,
  loadConfig,
  openGateway,
} from "@loadline/gateway";
import type { ExplainedOperation, GatewayConfig } from "@loadline/gateway";
import { modelPath } from "../assets.ts";
import { defaultPort } from "../free-port.ts";
import { untilAborted, watchInterrupt } from "../process/interrupt.ts";
import type { ExitCode } from "../process/host.ts";
import { watchReloads } from "../process/reload-triggers.ts";
import { toolVersion } from "../version.ts";
import type { VerbContext } from "./verb.ts";

const portMax = 65_535;
const workersMax = 64;

/** The gateway until SIGTERM or Ctrl-C, which drain it; SIGHUP and a changed file reload it. */
export async function runServe(context: VerbContext): Promise<ExitCode> {
  const { host, args, json } = context;
  const config = await serveConfig(context);
  if (args.has("explain")) {
    const stages = explainStages(config);
    const processes = explainWorkers(config);
    const text = `${explainText(stages)}\n${processes.map((line) => `${line}\n`).join("")}`;
    host.stdout.write(json ? `${JSON.stringify(stages)}\n` : text);
    return 0;
  }
  using interrupt = watchInterrupt(host, "draining (again: stop at once)");
  const path = args.text("config");
  const gateway = await openGateway(config, {
    clock: host.clock,
    random: host.random,
    log: (text) => host.stderr.write(text),
    version: toolVersion,
    ...(path !== undefined && { readConfig: () => serveConfig(context) }),
  });
  try {
    const { url } = await gateway.start();
    using _reloads =
      path === undefined
        ? undefined
        : watchReloads(host, resolve(host.cwd, path), () => gateway.reload());
    const afterMs = Math.round(host.clock.monotonicMs() - host.startedMs);
    host.stderr.write(`serving ${url} after ${afterMs} ms\n`);
    if (json) host.stdout.write(`${JSON.stringify({ url })}\n`);
    await untilAborted(interrupt.signal);
    return 0;
  } finally {
    await gateway.close();
  }
}

function explainText(operations: readonly ExplainedOperation[]): string {
  return operations
    .map((one) => `${one.operation}: ${one.stages.map((stage) => stage.id).join(" -> ")}`)
    .join("\n");
}

/** Defaults < file < environment < flags; without a file the built-in model is what is served. */
export async function serveConfig({ host, args, stateDir }: VerbContext): Promise<GatewayConfig> {
  const port = args.count("port", { min: 0, max: portMax });
  const path = args.text("config");
  const workers = args.count("workers", { min: 1, max: workersMax });
  const listen = {
    ...(port !== undefined && { listen: { port } }),
    ...(workers !== undefined && { workers }),
  };
  if (path !== undefined) {
    const state = args.text("state") === undefined ? {} : { stateDir };
    return loadConfig(resolve(host.cwd, path), host.env, { ...listen, ...state });
  }
  const embedded = embeddedConfig({ port: port ?? defaultPort, stateDir, modelPath: modelPath() });
  const { targets, routes } = embedded;
  return loadConfig(undefined, host.env, { targets, routes, stateDir, ...listen });
}
