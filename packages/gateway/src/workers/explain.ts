import type { GatewayConfig } from "../config/schema.ts";

/** Which process does what, one line each, the supervisor first. */
export function explainWorkers(config: GatewayConfig): readonly string[] {
  const { workers, stores } = config;
  if (workers === 1) return ["processes: 1 -> serves, keeps state, starts model hosts"];
  const limits = stores.redis === null ? "limits and budgets, " : "";
  return [
    `processes: 1 supervisor -> state lock, SQLite writes, audit chain, ${limits}model hosts`,
    `processes: ${workers} workers on one port -> stages of a request, breakers, pools, reads`,
  ];
}
