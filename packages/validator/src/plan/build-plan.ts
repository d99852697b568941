import type { Claim, RunPlan } from "@loadline/contract";
import { probes } from "../probes/table.ts";
import { loadedServices } from "../service-load/loaded.ts";
import { serviceLoad } from "../service-load/service-load.ts";
import { stackClaims, stackTarget } from "../stack/claims.ts";
import { ownLoadStreams } from "../own-claims/load-streams.ts";
import { type OwnClaims, readOwnClaims } from "../own-claims/read.ts";
import { ownServiceStreams } from "../own-claims/streams.ts";
import { targetLoads, wantedLoads } from "../target-load/target-load.ts";
import { gatesOfPlan } from "./gates.ts";
import { laterClaims } from "./later-claims.ts";
import { validatorErrors } from "../errors.ts";
import { loadClaims, plannedRequests } from "./load-claims.ts";
import { claimUnder, namedTarget, streamUnder, targetsOf, underTarget } from "./targets.ts";
import {
  type PlanFile,
  type PlanFileInput,
  planFileSchema,
  type TargetManifest,
} from "./manifest.ts";

/** What a profile announces where the plan says nothing. */
const profileTerms = {
  quick: { budgetMinutes: 10, cooldownSeconds: 0 },
  full: { budgetMinutes: 60, cooldownSeconds: 10 },
} as const;

function probeClaims(target: TargetManifest, confidence: number): Claim[] {
  return probes.map((probe) => {
    const { parts, ...claim } = probe.claim(target);
    return {
      ...claim,
      id: probe.id,
      kind: "predicate",
      of: `probe.${probe.id}`,
      parts: parts ?? ["all"],
      confidence,
      checklist: probe.checklist,
    };
  });
}

type Loaded = Pick<PlanFile, "profile" | "load" | "confidence" | "stack">;

/** Load of the plan's services; nothing of it holds a secret yet. */
function loadsOf({ stack, load, confidence, profile }: Loaded) {
  const terms = { load, confidence, secret: () => "" };
  const made = loadedServices({ profile, load, stack }).map((name) =>
    stack === undefined ? null : serviceLoad(stack, name, terms),
  );
  return made.filter((one) => one !== null);
}

const serviceClaims = (file: Loaded): Claim[] => loadsOf(file).flatMap(({ claims }) => claims);

/** The claims the stages of a plan make themselves. */
function stageClaims(file: PlanFile): Claim[] {
  const { load, confidence, stack } = file;
  const ofTargets = targetsOf(file).flatMap(({ key, manifest }) =>
    [
      ...probeClaims(manifest, confidence),
      ...loadClaims(load, confidence).map(({ claim }) => claim),
    ].map((claim) => claimUnder(key, claim)),
  );
  const further = targetLoads(file).flatMap(({ claims }) => claims);
  const ofStack = [...stackClaims(stack, confidence), ...serviceClaims(file)];
  const measured = [...ofTargets, ...ofStack, ...further];
  return file.profile === "full" ? [...measured, ...laterClaims(confidence)] : measured;
}

/** The claims of a plan's own, and the streams they may be made of. */
export function ownClaimsOf(file: PlanFile, objectives: readonly Claim[] = []): OwnClaims {
  return readOwnClaims(file, stageClaims(file), objectives);
}

/**
 * The run plan of a plan file: every claim is declared here, before anything is sent.
 * `objectives` are the claims of its key `slo`.
 * @throws LL_PLAN_INVALID for a claim of its own that cannot be made
 */
export function buildPlan(file: PlanFile, objectives: readonly Claim[] = []): RunPlan {
  const { load, confidence, stack, maxAge, retries } = file;
  const given = targetsOf(file);
  const about = given.length > 0 ? given : [{ key: null, manifest: stackTarget(stack) }];
  const builtIn = stageClaims(file);
  const own = readOwnClaims(file, builtIn, objectives);
  const { gates, problems } = gatesOfPlan(file.gates);
  const all = [...own.problems, ...problems];
  if (all.length > 0) {
    const lines = all.map((p) => `${p.code} ${p.path}: ${p.message}`);
    throw validatorErrors.make("LL_PLAN_INVALID", lines.join("\n"));
  }
  const ids = own.claims.map(({ id }) => id);
  return {
    schema: "loadline-plan/v1",
    profile: file.profile,
    target: namedTarget(about),
    confidence,
    maxWaived: file.maxWaived,
    budgetMinutes: file.budgetMinutes ?? profileTerms[file.profile].budgetMinutes,
    ...(maxAge !== undefined && { maxAgeMs: maxAge }),
    ...(retries !== undefined && { retries }),
    ...(file.use !== undefined && { use: file.use }),
    ...(gates !== undefined && { gates }),
    claims: [...builtIn, ...own.claims],
    stages: {
      ...(file.targets === undefined ? { target: about[0]?.manifest } : { targets: file.targets }),
      load,
      skip: file.skip,
      loads: [
        ...given.map(({ key }) => underTarget(key, "chat")),
        ...loadedServices(file),
        ...wantedLoads(load),
      ],
      cooldownSeconds: file.cooldownSeconds ?? profileTerms[file.profile].cooldownSeconds,
      ...(stack === undefined ? {} : { stack }),
      ...(ids.length === 0 ? {} : { own: ids }),
    },
  };
}

export interface QuickPlanOptions {
  readonly baseUrl: string;
  readonly name?: string;
  readonly model?: string;
  readonly embeddingsModel?: string;
  /** Default `bearer` when `apiKeyEnv` is given, else `none`. */
  readonly auth?: "none" | "bearer";
  /** Name of the variable that holds the key; shown in commands to reproduce. */
  readonly apiKeyEnv?: string;
  readonly unknownModel?: "refused" | "any";
  /** Declared limit of a request body. */
  readonly bodyBytesMax?: number;
  readonly healthPath?: string;
  readonly confidence?: number;
  readonly load?: PlanFileInput["load"];
  readonly skip?: PlanFileInput["skip"];
}

function fromOptions(o: QuickPlanOptions, profile: "quick" | "full"): RunPlan {
  const { baseUrl, confidence, load, skip, ...target } = o;
  const auth = o.auth ?? (o.apiKeyEnv === undefined ? "none" : "bearer");
  const input: PlanFileInput = {
    profile,
    target: { ...target, url: baseUrl, auth },
    ...(confidence === undefined ? {} : { confidence }),
    ...(load === undefined ? {} : { load }),
    ...(skip === undefined ? {} : { skip }),
  };
  return buildPlan(planFileSchema.parse(input));
}

/** The plan of `validate --target URL`: under a minute, every claim decidable at its planned n. */
export function quickPlan(o: QuickPlanOptions): RunPlan {
  return fromOptions(o, "quick");
}

/** The quick plan and the claims of the stages this build does not run: NOT_PROVEN at best. */
export function fullPlan(o: QuickPlanOptions): RunPlan {
  return fromOptions(o, "full");
}

/** Samples per second and number of samples of every load stream, for `planSamples`. */
export function planRates(
  file: Loaded & Pick<PlanFile, "target" | "targets">,
): Record<string, { n: number; perSecond: number }> {
  const n = plannedRequests(file.load);
  const chatRate = { n, perSecond: file.load.ratePerSecond };
  const counted = [
    ...ownLoadStreams.map(({ stream }) => stream),
    ...loadClaims(file.load, file.confidence).map(({ claim }) => claim.of),
  ];
  const chat = targetsOf(file).flatMap(({ key }) =>
    counted.map((stream) => [streamUnder(key, stream), chatRate] as const),
  );
  const services = loadsOf(file).flatMap((one) =>
    Object.entries(one.job === null ? {} : one.samples).map(
      ([stream, samples]) =>
        [
          stream,
          { n: samples ?? 1, perSecond: (samples ?? 1) / file.load.durationSeconds },
        ] as const,
    ),
  );
  // Nothing is sent to a service that this plan does not load.
  const unsent = ownServiceStreams(file).map(
    ({ id }) => [id, { n: 0, perSecond: file.load.ratePerSecond }] as const,
  );
  const further = targetLoads(file).flatMap(({ samples, plannedMs }) =>
    Object.entries(samples).map(
      ([stream, samplesOf]) =>
        [stream, { n: samplesOf, perSecond: (samplesOf / plannedMs) * 1_000 }] as const,
    ),
  );
  return Object.fromEntries([...unsent, ...chat, ...services, ...further]);
}
