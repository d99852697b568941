import { alertmanagerService } from "./alertmanager.ts";
import { anthropicService } from "./anthropic.ts";
import { commandService } from "./command.ts";
import { composeService } from "./compose.ts";
import { containerService } from "./container.ts";
import { dnsService } from "./dns.ts";
import { grafanaService } from "./grafana.ts";
import { jaegerService } from "./jaeger.ts";
import { kubernetesService } from "./kubernetes.ts";
import { listenersService } from "./listeners.ts";
import { logsService } from "./logs.ts";
import { mcpService } from "./mcp.ts";
import { neo4jService } from "./neo4j.ts";
import { prometheusService } from "./prometheus.ts";
import { qdrantService } from "./qdrant.ts";
import { ragService } from "./rag.ts";
import { resourcesService } from "./resources.ts";
import { secretsService } from "./secrets.ts";
import { tcpService } from "./tcp.ts";
import { tlsService } from "./tls.ts";
import { websocketService } from "./websocket.ts";

/** Kinds that watch, carry or hold what the stores and the APIs do not. */
export const furtherKinds = [
  alertmanagerService,
  anthropicService,
  commandService,
  composeService,
  containerService,
  dnsService,
  grafanaService,
  jaegerService,
  kubernetesService,
  listenersService,
  logsService,
  mcpService,
  neo4jService,
  prometheusService,
  qdrantService,
  ragService,
  resourcesService,
  secretsService,
  tcpService,
  tlsService,
  websocketService,
] as const;
