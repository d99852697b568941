import type { StackProbe } from "../probe.ts";
import { alertmanagerProbes } from "./alertmanager.ts";
import { anthropicProbes } from "./anthropic.ts";
import { commandProbes } from "./command.ts";
import { composeProbes } from "./compose.ts";
import { containerProbes } from "./container.ts";
import { dnsProbes } from "./dns.ts";
import { grafanaProbes } from "./grafana.ts";
import { jaegerProbes } from "./jaeger.ts";
import { kubernetesProbes } from "./kubernetes.ts";
import { listenersProbes } from "./listeners.ts";
import { logsProbes } from "./logs.ts";
import { mcpProbes } from "./mcp.ts";
import { neo4jProbes } from "./neo4j.ts";
import { prometheusProbes } from "./prometheus.ts";
import { qdrantProbes } from "./qdrant.ts";
import { ragProbes } from "./rag.ts";
import { resourcesProbes } from "./resources.ts";
import { secretsProbes } from "./secrets.ts";
import { tcpProbes } from "./tcp.ts";
import { tlsProbes } from "./tls.ts";
import { websocketProbes } from "./websocket.ts";

/** Checks of the further kinds, kind by kind. */
export const furtherProbes: readonly StackProbe[] = [
  ...alertmanagerProbes,
  ...anthropicProbes,
  ...commandProbes,
  ...composeProbes,
  ...containerProbes,
  ...dnsProbes,
  ...grafanaProbes,
  ...jaegerProbes,
  ...kubernetesProbes,
  ...listenersProbes,
  ...logsProbes,
  ...mcpProbes,
  ...neo4jProbes,
  ...prometheusProbes,
  ...qdrantProbes,
  ...ragProbes,
  ...resourcesProbes,
  ...secretsProbes,
  ...tcpProbes,
  ...tlsProbes,
  ...websocketProbes,
];
