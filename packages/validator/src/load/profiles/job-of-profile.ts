import type { LoadJob } from "../job.ts";
import { loadErrors } from "../errors.ts";
import type { LoadPlan } from "../types.ts";
import type { ProfileManifest } from "./manifest.ts";
import type { LoadProfile, ProfileTerms } from "./profile.ts";

/** What a profile is run against and how. */
export interface ProfileRun {
  /** Without scenarios: target, seed and sending terms. */
  readonly load: Omit<LoadPlan, "scenarios" | "limits">;
  readonly name: string;
  readonly manifest: ProfileManifest;
  readonly terms: ProfileTerms;
  readonly explore: boolean;
  readonly apiKeyEnv?: string;
  readonly ab?: string;
}

/** As a command line writes the terms. */
const flags = { users: "--users", rate: "--rate", durationMs: "--duration" } as const;
const terms = ["users", "rate", "durationMs"] as const;

/** A term that changes nothing would be a load that nobody asked for. */
function checkTerms({ id, takes }: LoadProfile, given: ProfileTerms): void {
  const unused = terms.find((one) => given[one] !== undefined && !takes.includes(one));
  if (unused === undefined) return;
  const known = takes.map((one) => flags[one]).join(", ");
  const text = `profile ${id} takes no ${flags[unused]}; it takes ${known}.`;
  throw loadErrors.make("LL_LOAD_PLAN_INVALID", text);
}

/**
 * The job of a built-in profile. @throws LL_LOAD_PLAN_INVALID when the manifest has none of what the
 * profile asks, for there would be nothing to send, or for a term that it does not take.
 */
export function jobOfProfile(profile: LoadProfile, run: ProfileRun): LoadJob {
  checkTerms(profile, run.terms);
  const made = profile.make(run.manifest, run.terms, {
    seed: run.load.seed,
    baseUrl: run.load.target.baseUrl.replace(/\/+$/, ""),
  });
  if (Object.keys(made.scenarios).length === 0) {
    const why = made.undecided.map(({ sentence }) => sentence).join(" ");
    throw loadErrors.make(
      "LL_LOAD_PLAN_INVALID",
      `profile ${profile.id} has nothing to send. ${why}`,
    );
  }
  const { apiKeyEnv, ab } = run;
  return {
    profile: profile.id,
    name: run.name,
    load: { ...run.load, scenarios: made.scenarios, limits: [] },
    thresholds: made.thresholds,
    undecided: made.undecided,
    confidence: 0.95,
    waive: [],
    explore: run.explore,
    ...(made.slo !== undefined && { slo: made.slo }),
    ...(made.ladder !== undefined && { ladder: made.ladder }),
    ...(made.observe !== undefined && { observe: made.observe }),
    ...(made.limiters !== undefined && { limiters: made.limiters }),
    ...(made.blocks !== undefined && { blocks: made.blocks }),
    ...(made.keyEnvs !== undefined && { keyEnvs: made.keyEnvs }),
    ...(apiKeyEnv !== undefined && { apiKeyEnv }),
    ...(ab !== undefined && { ab }),
  };
}
