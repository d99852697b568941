import type { JsonRecord } from "@loadline/kit/json";
import { type KubeList, type KubernetesContext, listKube } from "./kube-session.ts";
import { type KubeObject, readManifests } from "./manifests.ts";
import { standing, type Workload, workloadsOf } from "./pod-specs.ts";
import { textIn } from "./shape.ts";

/** What the manifests mean to be there, and the namespaces that are looked at for it. */
export interface Meant {
  readonly objects: readonly KubeObject[];
  readonly workloads: readonly Workload[];
  readonly namespaces: readonly string[];
}

/** The manifests, and their workloads' namespaces; the declared one where they have none. */
export async function meantOf(context: KubernetesContext): Promise<Meant> {
  const { manifests, namespace } = context.service;
  const { objects } = await readManifests(manifests, namespace);
  const workloads = workloadsOf(objects);
  const own = workloads.map(({ object }) => object.namespace);
  const namespaces = [...new Set(own.length === 0 ? [namespace] : own)].toSorted();
  return { objects, workloads, namespaces };
}

/** Objects of one kind in every namespace, with the command for the first list that holds any. */
export async function listIn(
  context: KubernetesContext,
  namespaces: readonly string[],
  at: { readonly api: string; readonly plural: string; readonly query?: string },
): Promise<KubeList> {
  const lists: KubeList[] = [];
  for (const namespace of namespaces) {
    const path = `${at.api}/namespaces/${encodeURIComponent(namespace)}/${at.plural}`;
    lists.push(await listKube(context, path, at.query));
  }
  const curl = lists.find(({ items }) => items.length > 0)?.curl ?? lists[0]?.curl ?? [];
  return { items: lists.flatMap(({ items }) => items), curl };
}

/** A workload as the cluster has it. */
export interface LiveWorkload {
  readonly kind: string;
  /** `Deployment/default/web`. */
  readonly name: string;
  readonly value: JsonRecord;
}

/** The name of a meant workload, as a live one is named. */
export const workloadName = ({ kind, namespace, name }: KubeObject): string =>
  `${kind}/${namespace}/${name}`;

/** Live workloads that stay; Jobs and CronJobs too where the manifests have one. */
export async function liveWorkloads(
  context: KubernetesContext,
  { workloads, namespaces }: Meant,
): Promise<{ readonly all: readonly LiveWorkload[]; readonly curl: readonly string[] }> {
  const isMeant = (kind: string): boolean => workloads.some(({ object }) => object.kind === kind);
  const all: LiveWorkload[] = [];
  let first: readonly string[] = [];
  for (const kind of [...standing, ...["Job", "CronJob"].filter((one) => isMeant(one))]) {
    const api = standing.includes(kind) ? "/apis/apps/v1" : "/apis/batch/v1";
    const { items, curl } = await listIn(context, namespaces, {
      api,
      plural: `${kind.toLowerCase()}s`,
    });
    if (first.length === 0) first = curl;
    for (const value of items) {
      const at = `${textIn(value, "metadata.namespace")}/${textIn(value, "metadata.name")}`;
      all.push({ kind, name: `${kind}/${at}`, value });
    }
  }
  return { all, curl: first };
}
