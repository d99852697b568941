import { chat } from "./parts.ts";
import type { LoadProfile } from "./profile.ts";

/** 5, 10, 10, then 0 users. */
const stages = [
  { durationMs: 30_000, target: 5 },
  { durationMs: 30_000, target: 10 },
  { durationMs: 60_000, target: 10 },
  { durationMs: 20_000, target: 0 },
] as const;

export const baseline: LoadProfile = {
  id: "baseline",
  summary: "5, 10, 10, 0 users over 30 + 30 + 60 + 20 s",
  checklist: ["R4-16"],
  takes: ["users", "durationMs"],
  make(manifest, { users = 10, durationMs }) {
    const total = stages.reduce((sum, stage) => sum + stage.durationMs, 0);
    const factor = durationMs === undefined ? 1 : durationMs / total;
    return {
      scenarios: {
        chat: {
          executor: "ramping-vus",
          stages: stages.map((stage) => ({
            durationMs: stage.durationMs * factor,
            target: Math.round((stage.target * users) / 10),
          })),
          request: chat(manifest),
        },
      },
      thresholds: {
        "response_time{scenario:chat}": [{ threshold: "p(95)<500ms" }, { threshold: "p(99)<1s" }],
        errors: [{ threshold: "rate<0.1%" }],
      },
      undecided: [],
    };
  },
};
