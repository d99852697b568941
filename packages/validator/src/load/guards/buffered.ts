import type { Guard } from "./guard.ts";

const shareMax = 0.05;

export const buffered: Guard = {
  id: "guard.load.buffered",
  summary: "streams arrive as they are made, not in one piece",
  reason: "resolution",
  kinds: ["quantile", "proportion"],
  saboteur: { metric: "tpot", streams: 100, bufferedStreams: 60 },
  judge: (v) => ({
    holds: v.metric !== "tpot" || v.bufferedStreams <= shareMax * v.streams,
    invalidates: "pass",
    seen: `${v.bufferedStreams} of ${v.streams} streams came bundled into one read.`,
  }),
};
