import { chat } from "./parts.ts";
import type { ObserveSpec } from "../job.ts";
import type { ProfileManifest } from "./manifest.ts";
import type { LoadProfile } from "./profile.ts";

const share = 0.7;
const peakDefault = 20;

const growthMibPerHourDefault = 16;
const resident: readonly string[] = ["process_resident_memory_bytes"];

/** What of the target's memory is sampled: as declared, else what most targets tell of themselves. */
export function memoryOf(
  { memory, metrics }: Pick<ProfileManifest, "memory" | "metrics">,
  baseUrl: string,
): ObserveSpec[] {
  const prometheus = `${baseUrl}${metrics}`;
  const growthMibPerHourMax = memory?.growthMibPerHourMax ?? growthMibPerHourDefault;
  if (memory === undefined) {
    return [{ prometheus, series: [...resident], growthMibPerHourMax, required: false }];
  }
  // Whoever names a process need not tell the same a second time.
  const { process, series = process === undefined ? resident : [] } = memory;
  const named = series.map((one) => ({ prometheus, series: [one], growthMibPerHourMax }));
  return process === undefined ? named : [{ process, growthMibPerHourMax }, ...named];
}

export const soak: LoadProfile = {
  id: "soak",
  summary: "30 min at 70 % of the peak given by --rate",
  checklist: ["R1-28", "R4-14"],
  takes: ["rate", "durationMs"],
  make(manifest, { rate = peakDefault, durationMs = 1_800_000 }, { baseUrl }) {
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
      observe: memoryOf(manifest, baseUrl),
      undecided: [],
    };
  },
};
