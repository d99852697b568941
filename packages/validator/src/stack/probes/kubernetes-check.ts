import type { StackContext, StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { NothingThere } from "../wire/fault.ts";
import {
  type Bundle,
  type Hit,
  type KubeObject,
  placeText,
  readManifests,
} from "../wire/manifests.ts";
import { containersOf, type Container, type Workload, workloadsOf } from "../wire/pod-specs.ts";

export type KubernetesProbe = StackProbe<ServiceOf<"kubernetes">>;
export type KubernetesContext = StackContext<ServiceOf<"kubernetes">>;

const hitsMax = 50;

/** The manifests as their checks look at them. */
export interface KubeView {
  readonly bundle: Bundle;
  readonly objects: readonly KubeObject[];
  readonly workloads: readonly Workload[];
  readonly containers: readonly Container[];
  readonly context: KubernetesContext;
}

interface ManifestCheck extends Pick<
  KubernetesProbe,
  "check" | "summary" | "severity" | "saboteur"
> {
  readonly needs?: readonly string[];
  readonly category?: "Orchestration" | "Security & Compliance";
  readonly statement: string | ((service: ServiceOf<"kubernetes">) => string);
  readonly rationale: string;
  /** What is looked at, as in `12 containers`. */
  readonly of: string;
  /** A word that finds the places by hand. */
  readonly word: string;
  /** How many were looked at, and each that is not as it is to be. */
  look(view: KubeView): { readonly count: number; readonly hits: readonly Hit[] };
}

/** One thing of the manifests that is wrong, with the command that shows its lines. */
export function seenHit(hit: Hit): StackSeen {
  const { file, line } = hit.place;
  return {
    ok: false,
    seen: `${placeText(hit.place)}: ${hit.says}.`,
    at: hit.at,
    reproduce: ["sed", "-n", `${line},${line + 4}p`, file],
  };
}

/** A check of the manifests' text: one observation for all, and one for each thing that is wrong. */
export function manifestCheck(o: ManifestCheck): KubernetesProbe {
  const { statement, rationale, of, word, look, category = "Orchestration", ...rest } = o;
  return {
    kind: "kubernetes",
    needs: ["manifests"],
    checklist: ["R4-30"],
    ...rest,
    claim: (service) =>
      service.manifests.length === 0
        ? null
        : {
            statement: typeof statement === "string" ? statement : statement(service),
            category,
            rationale,
          },
    async run(context) {
      const { manifests, namespace } = context.service;
      const bundle = await readManifests(manifests, namespace);
      const workloads = workloadsOf(bundle.objects);
      const containers = containersOf(workloads);
      const { count, hits } = look({
        bundle,
        objects: bundle.objects,
        workloads,
        containers,
        context,
      });
      if (count === 0 && hits.length === 0) {
        throw new NothingThere(`The manifests hold no ${of}: there was nothing to look at.`);
      }
      const shown = hits.slice(0, hitsMax);
      const more = hits.length > shown.length ? `, the first ${shown.length} are told` : "";
      const seen = `${count} ${of} in ${bundle.files.length} files, ${hits.length} not so${more}.`;
      const reproduce = ["grep", "-rnE", word, ...manifests];
      if (hits.length === 0) return [{ ok: true, seen, reproduce }];
      context.note({ service: context.name, check: rest.check, seen });
      return shown.map(seenHit);
    },
  };
}
