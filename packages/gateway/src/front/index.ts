import type { DropArgument } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import type { GatewayConfig } from "../config/schema.ts";
import type { Controls } from "../controls.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Front, FrontOptions, FrontTls } from "./front.ts";
import { createHttp1Front } from "./http1/index.ts";
import type { RequestHandler } from "./node-http/client.ts";
import { gatewayErrors } from "../errors.ts";
import { createNodeFront } from "./node-http/index.ts";
import { type ProxyTrust, proxyTrust } from "./proxy-trust.ts";
import { isRoundRobin } from "../workers/distribution.ts";

export type { Front } from "./front.ts";

/** The front that `http.front` names, over one pipeline. */
export function createFront(
  pipeline: Pipeline,
  config: GatewayConfig,
  deps: {
    clock: Clock;
    nextId: () => string;
    admin?: RequestHandler | undefined;
    /** Shared with other processes; absent: the configuration's, for this one alone. */
    port?: number | undefined;
    /** Replaces parts of the own front; only tests do. */
    change?: Controls["front"] | undefined;
    tls?: FrontTls | undefined;
    /** Told of each connection that is turned away, as many being open as may be. */
    onDrop?: ((from?: DropArgument) => void) | undefined;
  },
): Front {
  const { http, listen } = config;
  const options: FrontOptions = {
    host: listen.host,
    port: deps.port ?? listen.port,
    isShared: deps.port !== undefined && !isRoundRobin(http.distribution),
    headMs: http.head,
    requestMs: http.request,
    keepAliveMs: http.keepAlive,
    stalledMs: config.stream.clientStalled,
    connectionsMax: Math.ceil(http.connectionsMax / config.workers),
    headBytesMax: http.headBytesMax,
    trust: trustOf(http.trustedProxies),
    tls: deps.tls,
    onDrop: deps.onDrop,
    clock: deps.clock,
    nextId: deps.nextId,
    admin: deps.admin,
  };
  return http.front === "http1"
    ? createHttp1Front(pipeline, options, deps.change)
    : createNodeFront(pipeline, options);
}

/** LL_CONFIG_INVALID for a text that is no range. */
function trustOf(ranges: readonly string[]): ProxyTrust | undefined {
  const trust = proxyTrust(ranges);
  if (typeof trust !== "string") return trust;
  throw gatewayErrors.make("LL_CONFIG_INVALID", `http.trustedProxies: ${trust} is no range.`);
}
