import type { LoadJob } from "./job.ts";
import type { LoadFile } from "./plan/compile.ts";

/** What a command line adds to a plan's file. */
export interface JobTerms {
  readonly profile: string;
  /** How reports name the target; default its base URL. */
  readonly name?: string;
  readonly explore: boolean;
  readonly apiKeyEnv?: string;
  /** The other target of an A/B run, and its triples of blocks. */
  readonly ab?: string;
  readonly triples?: number;
}

/** The job of a compiled plan file. */
export function jobOfFile(file: LoadFile, terms: JobTerms): LoadJob {
  const { plan } = file;
  const { apiKeyEnv, ab, triples } = terms;
  return {
    profile: terms.profile,
    name: terms.name ?? plan.target.baseUrl,
    load: plan,
    thresholds: file.thresholds,
    checks: file.checks,
    metrics: file.metrics,
    notes: file.notes,
    pacing: file.pacing,
    confidence: file.confidence,
    waive: file.waive,
    observe: file.observe,
    explore: terms.explore,
    ...(file.slo !== undefined && file.slo !== null && { slo: file.slo }),
    ...(apiKeyEnv !== undefined && { apiKeyEnv }),
    ...(ab !== undefined && { ab }),
    ...(triples !== undefined && { triples }),
  };
}
