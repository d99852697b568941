import type { StartTwin } from "./twin.ts";
import { startAlertmanagerTwin } from "./alertmanager.ts";
import { startAnthropicTwin } from "./anthropic.ts";
import { startCommandTwin } from "./command.ts";
import { startComposeTwin } from "./compose.ts";
import { startContainerTwin } from "./container.ts";
import { startDnsTwin } from "./dns.ts";
import { startGrafanaTwin } from "./grafana.ts";
import { startJaegerTwin } from "./jaeger.ts";
import { startKubernetesTwin } from "./kubernetes.ts";
import { startListenersTwin } from "./listeners.ts";
import { startLogsTwin } from "./logs.ts";
import { startMcpTwin } from "./mcp.ts";
import { startNeo4jTwin } from "./neo4j.ts";
import { startPrometheusTwin } from "./prometheus.ts";
import { startQdrantTwin } from "./qdrant.ts";
import { startRagTwin } from "./rag.ts";
import { startResourcesTwin } from "./resources.ts";
import { startSecretsTwin } from "./secrets.ts";
import { startSocketTwin } from "./socket.ts";
import { startTlsTwin } from "./tls.ts";
import { startWebsocketTwin } from "./websocket.ts";

/** The twin of each further kind. */
export const furtherTwins: Readonly<Record<string, StartTwin>> = {
  alertmanager: startAlertmanagerTwin,
  anthropic: startAnthropicTwin,
  command: startCommandTwin,
  compose: startComposeTwin,
  container: startContainerTwin,
  dns: startDnsTwin,
  grafana: startGrafanaTwin,
  jaeger: startJaegerTwin,
  kubernetes: startKubernetesTwin,
  listeners: startListenersTwin,
  logs: startLogsTwin,
  mcp: startMcpTwin,
  neo4j: startNeo4jTwin,
  prometheus: startPrometheusTwin,
  qdrant: startQdrantTwin,
  rag: startRagTwin,
  resources: startResourcesTwin,
  secrets: startSecretsTwin,
  tcp: startSocketTwin,
  tls: startTlsTwin,
  websocket: startWebsocketTwin,
};
