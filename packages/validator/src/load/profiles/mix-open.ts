import { mixOf, missingServices, services, serviceThresholds } from "./parts.ts";
import type { LoadProfile } from "./profile.ts";

export const mixOpen: LoadProfile = {
  id: "mix-open",
  summary: "45 arrivals per second of the mix, whatever the target does, 10 min",
  checklist: ["R2-41"],
  takes: ["rate", "durationMs"],
  make(manifest, { rate = 45, durationMs = 600_000 }) {
    const all = services(manifest);
    // 20/s of chat at 45 arrivals/s, in equal halves with and without history.
    const goodput = Number(((rate * 10) / 45).toPrecision(4));
    return {
      scenarios: {
        mix: {
          executor: "constant-arrival-rate",
          rate,
          arrivals: "poisson",
          durationMs,
          warmupMs: Math.min(10_000, durationMs / 10),
          exec: { kind: "mix", parts: mixOf(all) },
        },
      },
      thresholds: {
        ...serviceThresholds(all, () => "mix"),
        "good{scenario:mix,step:chat}": [{ threshold: `rate>=${goodput}/s`, id: "chat.goodput" }],
        "good{scenario:mix,step:chat.history}": [
          { threshold: `rate>=${goodput}/s`, id: "chat.history.goodput" },
        ],
      },
      slo: { responseTimeMs: 2_000 },
      undecided: missingServices(all),
    };
  },
};
