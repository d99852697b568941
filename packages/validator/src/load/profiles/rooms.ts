import type { LoadProfile } from "./profile.ts";

export const rooms: LoadProfile = {
  id: "rooms",
  summary: "1,000 sockets in one room",
  checklist: ["R3-20", "R3-21", "R3-22", "R3-23", "R3-24"],
  takes: ["users", "rate", "durationMs"],
  make(manifest, { users = 1_000, rate = 2, durationMs = 60_000 }) {
    if (manifest.rooms === undefined) {
      const statement = "Messages are delivered to >= 99.9 % of members, fan-out p99 < 1 s";
      return {
        scenarios: {},
        thresholds: {},
        undecided: [
          {
            id: "rooms.delivery",
            statement,
            reason: "capability_missing",
            sentence: "The manifest names no rooms of this target.",
          },
        ],
      };
    }
    const { path, rooms: count } = manifest.rooms;
    return {
      scenarios: {
        rooms: {
          executor: "constant-arrival-rate",
          rate,
          durationMs,
          warmupMs: Math.min(5_000, durationMs / 5),
          exec: { kind: "rooms", options: { path, rooms: count, members: users } },
        },
      },
      thresholds: {
        ws_delivery: [{ threshold: "rate>=99.9%" }],
        ws_fanout: [{ threshold: "p(99)<1s" }],
        ws_duplicates: [{ threshold: "count==0" }],
        ws_reordered: [{ threshold: "count==0", required: false }],
      },
      undecided: [],
    };
  },
};
