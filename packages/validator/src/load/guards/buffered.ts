import { type Guard, latencyKinds, percent } from "./guard.ts";

const shareMax = 0.05;
/** Metrics of the time between tokens: perfect when all come at once. */
const paced: ReadonlySet<string> = new Set([
  "tpot",
  "icl",
  "icl_max",
  "output_tokens_per_s_per_user",
]);

export const buffered: Guard = {
  id: "guard.load.buffered",
  summary: "streams arrive as they are made, not in one piece",
  reason: "resolution",
  kinds: latencyKinds,
  saboteur: { metric: "tpot", streams: 100, bufferedStreams: 60 },
  judge: (v) => ({
    holds: !paced.has(v.figure ?? v.metric) || v.bufferedStreams <= shareMax * v.streams,
    invalidates: "pass",
    seen: `${v.bufferedStreams} of ${v.streams} streams came bundled into one read.`,
    figure: percent(v.streams === 0 ? 0 : v.bufferedStreams / v.streams),
    limit: percent(shareMax),
  }),
};
