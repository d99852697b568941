import type { StackProbe } from "../probe.ts";
import { alertmanagerProbes } from "./alertmanager.ts";
import { prometheusProbes } from "./prometheus.ts";

/** Checks of the further kinds, kind by kind. */
export const furtherProbes: readonly StackProbe[] = [...prometheusProbes, ...alertmanagerProbes];
