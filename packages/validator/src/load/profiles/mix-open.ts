import { mixOf, missingServices, services, serviceThresholds } from "./parts.ts";
import type { LoadProfile } from "./profile.ts";

export const mixOpen: LoadProfile = {
  id: "mix-open",
  summary: "45 arrivals per second of the mix, whatever the target does, 10 min",
  checklist: ["R2-41"],
  make(manifest, { rate = 45, durationMs = 600_000 }) {
    const all = services(manifest);
    const goodput = Number(((rate * 20) / 45).toPrecision(4));
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
      // Half the arrivals are chat: both kinds of it together.
      thresholds: {
        ...serviceThresholds(all, () => "mix"),
        "good{scenario:mix}": [{ threshold: `rate>=${goodput}/s`, id: "mix.goodput" }],
      },
      slo: { responseTimeMs: 2_000 },
      undecided: missingServices(all),
    };
  },
};
