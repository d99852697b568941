import type { StackProbe } from "../probe.ts";
import { alertmanagerProbes } from "./alertmanager.ts";
import { mcpProbes } from "./mcp.ts";
import { prometheusProbes } from "./prometheus.ts";
import { tlsProbes } from "./tls.ts";
import { websocketProbes } from "./websocket.ts";

/** Checks of the further kinds, kind by kind. */
export const furtherProbes: readonly StackProbe[] = [
  ...alertmanagerProbes,
  ...mcpProbes,
  ...prometheusProbes,
  ...tlsProbes,
  ...websocketProbes,
];
