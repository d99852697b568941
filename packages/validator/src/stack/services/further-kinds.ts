import { alertmanagerService } from "./alertmanager.ts";
import { prometheusService } from "./prometheus.ts";

/** Kinds that watch, carry or hold what the stores and the APIs do not. */
export const furtherKinds = [prometheusService, alertmanagerService] as const;
