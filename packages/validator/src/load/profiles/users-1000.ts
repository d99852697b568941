import { chat, think } from "./parts.ts";
import type { LoadProfile } from "./profile.ts";
import { resourceSeries } from "./resources.ts";

export const users1000: LoadProfile = {
  id: "users-1000",
  summary: "1,000 users, 60 s ramp, 5 min",
  checklist: ["R3-34"],
  takes: ["users", "durationMs"],
  make(manifest, { users = 1_000, durationMs = 300_000 }, { baseUrl }) {
    const rampMs = Math.min(60_000, durationMs / 5);
    return {
      scenarios: {
        chat: {
          executor: "ramping-vus",
          stages: [
            { durationMs: rampMs, target: users },
            { durationMs, target: users },
          ],
          thinkMs: think,
          warmupMs: rampMs,
          request: chat(manifest),
        },
      },
      thresholds: {
        "response_time{scenario:chat}": [{ threshold: "p(99)<2s" }],
        errors: [{ threshold: "rate<0.5%" }],
      },
      observe: [{ prometheus: `${baseUrl}${manifest.metrics}`, series: resourceSeries }],
      undecided: [
        {
          id: "chat.knee",
          statement: "The number of users after which more bring no throughput",
          required: false,
          reason: "not_run",
          sentence: "A ramp holds no sizes: `--ladder` with `load` finds the knee.",
        },
        {
          id: "chat.bottleneck",
          statement: "What the target runs out of first",
          required: false,
          reason: "not_run",
          sentence: "Derived from the target's own metrics after the run, which proves nothing.",
          derived: "bottleneck",
        },
      ],
    };
  },
};
