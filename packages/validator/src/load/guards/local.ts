import { type Guard, latencyKinds } from "./guard.ts";

export const local: Guard = {
  id: "guard.load.local",
  summary: "this machine had descriptors, ports and buffers left",
  reason: "generator",
  kinds: latencyKinds,
  saboteur: { localFaults: 1 },
  judge: (v) => ({
    holds: v.localFaults === 0,
    invalidates: "both",
    seen: `${v.localFaults} requests failed for lack of local descriptors, ports or buffers.`,
    figure: `${v.localFaults} faults`,
    limit: "0",
  }),
};
