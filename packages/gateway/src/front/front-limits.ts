import type { GatewayConfig } from "../config/schema.ts";

/** Where to listen and how much to take, from the configuration. */
export function frontLimits({ listen: at, http }: Pick<GatewayConfig, "listen" | "http">) {
  const { head: headMs, request: requestMs, keepAlive: keepAliveMs } = http;
  const { connectionsMax, headBytesMax } = http;
  return { ...at, headMs, requestMs, keepAliveMs, connectionsMax, headBytesMax };
}
