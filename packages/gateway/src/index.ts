/**
 * The gateway: one OpenAI-shaped address in front of many models.
 *
 * ```ts
 * const config = loadConfig("loadline.yaml", process.env, { listen: { port: 8080 } });
 * const gateway = await createGateway(config, { clock, random, log });
 * const { url } = await gateway.start();
 * ```
 */
export { configSchema, type GatewayConfig } from "./config/schema.ts";
export { embeddedConfig } from "./config/embedded.ts";
export { type ConfigValues, type Environment, loadConfig } from "./config/load.ts";
export { Secret } from "./config/values.ts";
export { gatewayErrors } from "./errors.ts";
export type { DrainReport } from "./health/drain.ts";
export { explainStages } from "./pipeline/explain.ts";
export type { ExplainedOperation } from "./pipeline/stages.ts";
export { createGateway, type Gateway, type GatewayDeps } from "./server.ts";
export {
  checkKey,
  type CreatedKey,
  createKey,
  type KeyCheck,
  type KeyInfo,
  listKeys,
  revokeKey,
  rotateKey,
  showKey,
} from "./state/keys.ts";
export { openState, type State, type StateDeps } from "./state/state.ts";
