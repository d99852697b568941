import type { StartTwin } from "./twin.ts";
import { startAlertmanagerTwin } from "./alertmanager.ts";
import { startContainerTwin } from "./container.ts";
import { startListenersTwin } from "./listeners.ts";
import { startLogsTwin } from "./logs.ts";
import { startMcpTwin } from "./mcp.ts";
import { startPrometheusTwin } from "./prometheus.ts";
import { startSecretsTwin } from "./secrets.ts";
import { startTlsTwin } from "./tls.ts";
import { startWebsocketTwin } from "./websocket.ts";

/** The twin of each further kind. */
export const furtherTwins: Readonly<Record<string, StartTwin>> = {
  alertmanager: startAlertmanagerTwin,
  container: startContainerTwin,
  listeners: startListenersTwin,
  logs: startLogsTwin,
  mcp: startMcpTwin,
  prometheus: startPrometheusTwin,
  secrets: startSecretsTwin,
  tls: startTlsTwin,
  websocket: startWebsocketTwin,
};
