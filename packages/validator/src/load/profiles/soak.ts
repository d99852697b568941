import { chat } from "./parts.ts";
import type { LoadProfile } from "./profile.ts";

const share = 0.7;
const peakDefault = 20;

export const soak: LoadProfile = {
  id: "soak",
  summary: "30 min at 70 % of the peak given by --rate",
  checklist: ["R1-28", "R4-14"],
  make(manifest, { rate = peakDefault, durationMs = 1_800_000 }) {
    return {
      scenarios: {
        chat: {
          executor: "constant-arrival-rate",
          rate: Number((rate * share).toPrecision(6)),
          arrivals: "poisson",
          durationMs,
          warmupMs: Math.min(30_000, durationMs / 10),
          request: chat(manifest),
        },
      },
      thresholds: {
        "response_time{scenario:chat}": [{ threshold: "p(99)<2s over(60s)" }],
        errors: [{ threshold: "rate<0.5%" }],
      },
      undecided: [
        {
          id: "target.heap_slope",
          statement: "The target's heap does not grow over the window",
          required: false,
          reason: "not_run",
          sentence: "No series of the target's memory is observed in this run.",
        },
      ],
    };
  },
};
