import type { GatewayConfig } from "../config/schema.ts";
import { groupTargets } from "./config.ts";

/** How often a target is probed. */
export interface Cadence {
  probeEveryMs: number;
  deepEveryMs: number;
}

/** The shortest gaps any pool asks of each target, by its name. */
export function cadencesOf(config: GatewayConfig): Map<string, Cadence> {
  const cadences = new Map<string, Cadence>();
  for (const { backup, groups } of Object.values(config.routes)) {
    if (backup === "off") continue;
    for (const name of groupTargets({ groups })) {
      const before = cadences.get(name);
      cadences.set(name, {
        probeEveryMs: Math.min(before?.probeEveryMs ?? Number.POSITIVE_INFINITY, backup.probeEvery),
        deepEveryMs: Math.min(before?.deepEveryMs ?? Number.POSITIVE_INFINITY, backup.deepEvery),
      });
    }
  }
  return cadences;
}
