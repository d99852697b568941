import { alertmanagerService } from "./alertmanager.ts";
import { containerService } from "./container.ts";
import { listenersService } from "./listeners.ts";
import { logsService } from "./logs.ts";
import { mcpService } from "./mcp.ts";
import { prometheusService } from "./prometheus.ts";
import { secretsService } from "./secrets.ts";
import { tlsService } from "./tls.ts";
import { websocketService } from "./websocket.ts";

/** Kinds that watch, carry or hold what the stores and the APIs do not. */
export const furtherKinds = [
  alertmanagerService,
  containerService,
  listenersService,
  logsService,
  mcpService,
  prometheusService,
  secretsService,
  tlsService,
  websocketService,
] as const;
