import { resolve } from "node:path";
import { createGateway, embeddedConfig, explainStages, loadConfig } from "@loadline/gateway";
import type { GatewayConfig } from "@loadline/gateway";
import { createLogger } from "@loadline/kit/logger";
import { modelPath } from "../assets.ts";
import { untilAborted, watchInterrupt } from "../process/interrupt.ts";
import type { ExitCode } from "../process/host.ts";
import type { VerbContext } from "./verb.ts";

const graceMs = 10_000;
const portMax = 65_535;
const defaultPort = 8080;

/** The gateway until SIGTERM or Ctrl-C, which drain it. */
export async function runServe(context: VerbContext): Promise<ExitCode> {
  const { host, args, json } = context;
  const config = await serveConfig(context);
  if (args.has("explain")) {
    const stages = explainStages(config);
    host.stdout.write(json ? `${JSON.stringify(stages)}\n` : `${stages.join("\n")}\n`);
    return 0;
  }
  using interrupt = watchInterrupt(host, "draining (again: stop at once)");
  const gateway = await createGateway(config, {
    clock: host.clock,
    random: host.random,
    logger: createLogger({ clock: host.clock, write: (text) => host.stderr.write(text) }),
  });
  try {
    const { url } = await gateway.start();
    const afterMs = Math.round(host.clock.monotonicMs() - host.startedMs);
    host.stderr.write(`serving ${url} after ${afterMs} ms\n`);
    if (json) host.stdout.write(`${JSON.stringify({ url })}\n`);
    await untilAborted(interrupt.signal);
    return 0;
  } finally {
    await gateway.close({ graceMs });
  }
}

/** Defaults < file < environment < flags. */
export async function serveConfig({ host, args, stateDir }: VerbContext): Promise<GatewayConfig> {
  const port = args.count("port", { min: 0, max: portMax });
  const path = args.text("config");
  if (path === undefined) {
    return embeddedConfig({ port: port ?? defaultPort, stateDir, modelPath: modelPath() });
  }
  const overrides = port === undefined ? {} : { port };
  return loadConfig(resolve(host.cwd, path), host.env, overrides);
}
