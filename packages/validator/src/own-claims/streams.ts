import type { Claim, ClaimStream, RunPlan } from "@loadline/contract";
import { laterClaims } from "../plan/later-claims.ts";
import type { LoadManifest } from "../plan/manifest.ts";
import { readStages } from "../plan/stages.ts";
import { askedTargets, type PlanTarget, streamUnder } from "../plan/targets.ts";
import { loadableServices } from "../service-load/loaded.ts";
import { serviceStreams } from "../service-load/service-load.ts";
import type { ServiceStream } from "../service-load/service-claim.ts";
import type { StackManifest } from "../stack/manifest.ts";
import { ownLoadStreams } from "./load-streams.ts";

/** Promises of drills and chaos for which no claim of ours exists; no build runs them yet. */
const laterStreams: readonly ClaimStream[] = [
  { stream: "drill.rto", kinds: ["bound"] },
  { stream: "drill.rpo", kinds: ["bound"] },
  { stream: "chaos.recovery", kinds: ["bound", "trials"] },
];

/** The ledger of a store in a drill: `drill.orders.loss`. */
const lossStream = /^drill\.[a-z0-9_-]{1,64}\.loss$/;

/** Whether a stage of the name runs in this build. */
const isRun = (stream: string): boolean => /^(probe|stack|load)\./.test(stream);

function ofClaim({ of, kind, parts }: Claim): ClaimStream {
  return isRun(of) ? { stream: of, kinds: [kind], parts } : { stream: of, kinds: [kind] };
}

/** What of a plan decides which load it can count. */
export interface LoadTerms {
  readonly load: LoadManifest;
  readonly stack?: StackManifest | undefined;
}

/** Streams of the services of a stack that have a load client, loaded in this plan or not. */
export function ownServiceStreams({ stack, load }: LoadTerms): readonly ServiceStream[] {
  if (stack === undefined) return [];
  const terms = { load, secret: () => "" };
  return loadableServices(stack).flatMap((name) => serviceStreams(stack, name, terms));
}

/** Streams of the stages that claims of a plan's own may be made of; `wanted` are those they name. */
export function claimStreams(
  builtIn: readonly Claim[],
  o: LoadTerms & {
    readonly targets: readonly Pick<PlanTarget, "key">[];
    readonly wanted: readonly string[];
  },
): readonly ClaimStream[] {
  const named = builtIn.filter(({ of, kind }) => !of.startsWith("load.") && kind !== "coverage");
  const load = o.targets.flatMap(({ key }) =>
    ownLoadStreams.map(({ stream, kinds }): ClaimStream => ({
      stream: streamUnder(key, stream),
      kinds,
      parts: ["all"],
    })),
  );
  const services = ownServiceStreams(o).map(({ id, kinds }): ClaimStream => ({
    stream: id,
    kinds,
    parts: ["all"],
  }));
  const losses = [...new Set(["drill.gateway.loss", ...o.wanted])].filter((name) =>
    lossStream.test(name),
  );
  const all = [
    ...named.map(ofClaim),
    ...load,
    ...services,
    ...laterClaims(0.95).map(ofClaim),
    ...laterStreams,
    ...losses.map((stream): ClaimStream => ({ stream, kinds: ["zero_loss"] })),
  ];
  const known = new Set<string>();
  return all.filter(({ stream }) => !known.has(stream) && known.add(stream) !== undefined);
}

/** Streams that claims of a plan's own may be made of, and the kinds each decides. @throws LL_PLAN_INVALID */
export function planStreams(plan: RunPlan): readonly ClaimStream[] {
  const stages = readStages(plan);
  const { own, load, stack } = stages;
  const builtIn = plan.claims.filter(({ id }) => !own.includes(id));
  const wanted = plan.claims.filter(({ id }) => own.includes(id)).map(({ of }) => of);
  const targets = askedTargets(stages);
  return claimStreams(builtIn, { targets, wanted, load, stack });
}
