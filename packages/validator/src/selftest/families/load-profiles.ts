import type { VerdictDocument } from "@loadline/contract";
import {
  bindJob,
  type BoundClaim,
  type BoundJob,
  jobOfProfile,
  loadProfiles,
  profileManifestSchema,
} from "../../load/index.ts";
import type { LoadProfile } from "../../load/profiles/profile.ts";
import { loadRunPlan } from "../../run/run-load-job.ts";
import { type CaseSeen, once, type SelftestCase, type SelftestFamily } from "../case.ts";
import { claimSeen } from "../claim-seen.ts";
import { saboteurOf } from "../registry.ts";
import { cleanFor, cleanTarget, saboteurFor } from "../load-saboteurs.ts";
import { simulateLoad } from "../simulated-load.ts";

/** A target with every service that a profile can ask for. */
const manifest = profileManifestSchema.parse({
  model: "tiny",
  routes: [{ name: "items", path: "/items" }],
  rag: {
    ingest: { path: "/documents", body: { text: "${text}" } },
    query: { path: "/query", body: { query: "${query}" } },
    resultsPath: "results",
    textPath: "text",
  },
  mcp: { tool: "search" },
  rooms: { path: "/ws" },
  limiter: { kind: "token_bucket", limit: 10, periodMs: 1_000, burst: 10 },
  otherKey: { keyEnv: "OTHER_KEY" },
});

/** Claims that look where another does share what happens there. */
function seenOf(job: BoundJob, bound: BoundClaim, verdict: VerdictDocument): CaseSeen {
  const seen = claimSeen(verdict, bound.claim.id);
  const hit = new Set([...bound.limits.map(({ scenario }) => scenario), bound.ladder?.scenario]);
  if (bound.limits.length === 0) for (const part of bound.claim.parts) hit.add(part);
  const shares = (id: string): boolean => {
    const other = job.bound.find(({ claim }) => claim.id === id);
    const places =
      other?.claim.id === "load.alive"
        ? other.claim.parts
        : other?.limits.map(({ scenario }) => scenario);
    return places?.some((scenario) => hit.has(scenario)) ?? false;
  };
  return { ...seen, blamed: seen.blamed.filter((id) => !shares(id)) };
}

/** Long runs are cut to what their claims need. */
function termsOf({ id }: LoadProfile): { readonly durationMs?: number } {
  return id === "mix-open" || id === "soak" ? { durationMs: 200_000 } : {};
}

function casesOf(profile: LoadProfile): SelftestCase[] {
  const target = { baseUrl: "http://127.0.0.1:9", keys: { other: "none" } };
  const load = { target, seed: 7 };
  const job = bindJob(
    jobOfProfile(profile, {
      load,
      name: "simulated",
      manifest,
      terms: termsOf(profile),
      explore: false,
    }),
  );
  return casesOfJob(`profile.${profile.id}`, job);
}

/** Every claim of a load job on a simulated target that breaks it; ids begin with `family`. */
export function casesOfJob(family: string, job: BoundJob): SelftestCase[] {
  const base = cleanFor(job);
  const healthy = once(() => Promise.resolve(simulateLoad(job, base)));
  const shown = job.bound.filter(({ undecided }) => undecided === undefined);
  const cases = shown.map((bound): SelftestCase => {
    const id = `${family}.${bound.claim.id}`;
    const broken = saboteurFor(bound, base);
    saboteurOf(id, broken ?? "");
    return {
      id,
      summary: bound.claim.statement,
      caught: caughtAs(bound),
      sabotaged: () => Promise.resolve(seenOf(job, bound, simulateLoad(job, broken ?? base))),
      clean: async () => claimSeen(await healthy(), bound.claim.id),
    };
  });
  return [...cases, ...growthCases(family, job, healthy)];
}

/** Verdict and reason of a claim that was broken. */
function caughtAs({ claim }: BoundClaim): string {
  return claim.kind === "predicate" ? "failed false" : "failed limit";
}

function growthCases(
  family: string,
  job: BoundJob,
  healthy: () => Promise<VerdictDocument>,
): SelftestCase[] {
  const growing = loadRunPlan(job).claims.filter(({ kind }) => kind === "bound");
  return growing.map(({ id, statement }) => ({
    id: `${family}.${id}`,
    summary: statement,
    caught: "failed limit",
    sabotaged: () =>
      Promise.resolve(claimSeen(simulateLoad(job, { ...cleanTarget, growthMibPerHour: 64 }), id)),
    clean: async () => claimSeen(await healthy(), id),
  }));
}

/** What built-in profiles claim, each claim on a simulated target that breaks it. */
export const loadProfileFamily: SelftestFamily = {
  id: "profile",
  summary: "claims of the built-in load profiles, each on a target that breaks it",
  cases: () => loadProfiles.flatMap(casesOf),
};
