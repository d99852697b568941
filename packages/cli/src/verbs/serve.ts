import { statSync } from "node:fs";
import { resolve } from "node:path";
import {
  configWarnings,
  embeddedConfig,
  explainStages,
  explainWorkers,
  loadConfig,
  openGateway,
} from "@loadline/gateway";
import type { ConfigValues, ExplainedOperation, GatewayConfig } from "@loadline/gateway";
import { modelPath } from "../assets.ts";
import { defaultPort } from "../free-port.ts";
import { builtFrom } from "../built-from.ts";
import { untilAborted, watchInterrupt } from "../process/interrupt.ts";
import type { ExitCode } from "../process/host.ts";
import { watchReloads } from "../process/reload-triggers.ts";
import { cleanText } from "../terminal/clean-text.ts";
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
  const path = args.text("config");
  if (path === undefined || givesTwice(resolve(host.cwd, path))) host.refit?.(config);
  using interrupt = watchInterrupt(host, "draining (again: stop at once)");
  tellWarnings(context, config);
  const gateway = await openGateway(config, {
    clock: host.clock,
    random: host.random,
    log: (text) => host.stderr.write(text),
    logWaitingBytes: () => host.stderr.waitingBytes?.() ?? 0,
    version: toolVersion,
    commit: builtFrom(),
    ...(path !== undefined && { readConfig: () => readAgain(context) }),
  });
  try {
    const { url } = await gateway.start();
    using _reloads =
      path === undefined
        ? undefined
        : watchReloads(host, resolve(host.cwd, path), () => gateway.reload());
    const afterMs = Math.round(host.clock.monotonicMs() - host.startedMs);
    host.stderr.write(`serving ${url} after ${afterMs} ms\n`);
    host.stderr.write(firstKeyText(context, gateway.firstKey?.secret));
    if (json) host.stdout.write(`${JSON.stringify({ url })}\n`);
    await untilAborted(interrupt.signal);
    return 0;
  } finally {
    await gateway.close();
  }
}

/** A pipe, such as `/dev/stdin` may be, gives a configuration once: a second start would find none. */
function givesTwice(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The first key of a new store is shown to somebody at a terminal, and never written to a log. */
function firstKeyText({ host }: VerbContext, secret: string | undefined): string {
  if (secret === undefined) return "";
  return host.stderr.isTty
    ? `api key ${secret}  (shown this once)\n`
    : "no API key is shown here: `loadline keys create --name NAME` makes one\n";
}

/** The file as it is now, for a reload. */
async function readAgain(context: VerbContext): Promise<GatewayConfig> {
  const config = await serveConfig(context);
  tellWarnings(context, config);
  return config;
}

function tellWarnings({ host }: VerbContext, config: GatewayConfig): void {
  for (const text of configWarnings(config)) host.stderr.write(`warning: ${cleanText(text)}\n`);
}

function explainText(operations: readonly ExplainedOperation[]): string {
  return operations
    .map((one) => `${one.operation}: ${one.stages.map((stage) => stage.id).join(" -> ")}`)
    .join("\n");
}

/** What the command line adds to file and environment. */
export interface ServeLayers {
  readonly path: string | undefined;
  readonly overrides: ConfigValues;
}

/** The file and what the flags say; without a file the built-in model is what is served. */
export function serveLayers({ host, args, stateDir }: VerbContext): ServeLayers {
  const port = args.count("port", { min: 0, max: portMax });
  const path = args.text("config");
  const workers = args.count("workers", { min: 1, max: workersMax });
  const listen = {
    ...(port !== undefined && { listen: { port } }),
    ...(workers !== undefined && { workers }),
  };
  if (path !== undefined) {
    const state = args.text("state") === undefined ? {} : { stateDir };
    return { path: resolve(host.cwd, path), overrides: { ...listen, ...state } };
  }
  const embedded = embeddedConfig({ port: port ?? defaultPort, stateDir, modelPath: modelPath() });
  const { targets, routes } = embedded;
  return { path: undefined, overrides: { targets, routes, stateDir, ...listen } };
}

/** Defaults < file < environment < flags. Throws LL_CONFIG_*. */
export async function serveConfig(context: VerbContext): Promise<GatewayConfig> {
  const { path, overrides } = serveLayers(context);
  return loadConfig(path, context.host.env, overrides);
}
