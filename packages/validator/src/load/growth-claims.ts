import type { Claim } from "@loadline/contract";
import type { ObserveSpec } from "./job.ts";

const confidence = 0.95;

/** Where the values of a source's growth claim are told. */
export const growthStream = (at: number): string => `load.memory_growth.${at + 1}`;

function nameOf(spec: ObserveSpec): string {
  if ("process" in spec) return `process ${spec.process}`;
  return "cgroup" in spec ? `cgroup ${spec.cgroup}` : (spec.series[0] ?? "");
}

/** One claim for each observed source that declares how much its memory may grow. */
export function growthClaims(specs: readonly ObserveSpec[]): Claim[] {
  return specs.flatMap((spec, at): Claim[] => {
    const limit = spec.growthMibPerHourMax;
    if (limit === undefined) return [];
    return [
      {
        id: `target.memory_growth.${at + 1}`,
        statement: `${nameOf(spec)} grows by at most ${limit} MiB/h in this window`,
        kind: "bound",
        of: growthStream(at),
        limit,
        unit: "MiB/h",
        parts: ["all"],
        confidence,
        required: spec.required ?? true,
        category: "Performance & Capacity",
        rationale: "A leak ends a service that passed every short test.",
        checklist: ["R1-28", "R4-14"],
      },
    ];
  });
}
