import type { StartTwin } from "./twin.ts";
import { startAlertmanagerTwin } from "./alertmanager.ts";
import { startMcpTwin } from "./mcp.ts";
import { startPrometheusTwin } from "./prometheus.ts";
import { startTlsTwin } from "./tls.ts";
import { startWebsocketTwin } from "./websocket.ts";

/** The twin of each further kind. */
export const furtherTwins: Readonly<Record<string, StartTwin>> = {
  alertmanager: startAlertmanagerTwin,
  mcp: startMcpTwin,
  prometheus: startPrometheusTwin,
  tls: startTlsTwin,
  websocket: startWebsocketTwin,
};
