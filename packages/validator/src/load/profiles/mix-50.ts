import { mixOf, missingServices, services, serviceThresholds, think } from "./parts.ts";
import type { LoadProfile } from "./profile.ts";

const rampMs = 60_000;

export const mix50: LoadProfile = {
  id: "mix-50",
  summary: "50 users for 10 min: half chat, 30 % RAG, 20 % MCP",
  checklist: ["R2-02", "R2-03", "R2-04", "R2-05", "R2-06", "R2-07", "R2-08", "R2-09", "R2-10"],
  takes: ["users", "durationMs"],
  make(manifest, { users = 50, durationMs = 600_000 }) {
    const all = services(manifest);
    const ramp = Math.min(rampMs, durationMs / 10);
    return {
      scenarios: {
        mix: {
          executor: "ramping-vus",
          stages: [
            { durationMs: ramp, target: users },
            { durationMs, target: users },
          ],
          thinkMs: think,
          warmupMs: ramp,
          exec: { kind: "mix", parts: mixOf(all) },
        },
      },
      thresholds: serviceThresholds(all, () => "mix"),
      undecided: missingServices(all),
    };
  },
};
