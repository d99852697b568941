import { alertmanagerService } from "./alertmanager.ts";
import { mcpService } from "./mcp.ts";
import { prometheusService } from "./prometheus.ts";
import { tlsService } from "./tls.ts";
import { websocketService } from "./websocket.ts";

/** Kinds that watch, carry or hold what the stores and the APIs do not. */
export const furtherKinds = [
  alertmanagerService,
  mcpService,
  prometheusService,
  tlsService,
  websocketService,
] as const;
