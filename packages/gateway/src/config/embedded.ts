import { embeddedTargets } from "../providers/index.ts";
import { gatewayErrors } from "../errors.ts";
import { checkConfig, type ConfigProblem } from "./check.ts";
import type { GatewayConfig } from "./schema.ts";

/** What `up` serves without a configuration file: the shipped model in two processes. */
export function embeddedConfig(o: {
  port: number;
  stateDir: string;
  modelPath: string;
}): GatewayConfig {
  const targets = embeddedTargets(o.modelPath);
  const problems: ConfigProblem[] = [];
  const config = checkConfig(
    {
      stateDir: o.stateDir,
      listen: { port: o.port },
      targets,
      routes: { tiny: { models: ["tiny"], groups: [{ targets: Object.keys(targets) }] } },
    },
    problems,
  );
  if (config) return config;
  throw gatewayErrors.make("LL_CONFIG_INVALID", problems[0]?.message);
}
