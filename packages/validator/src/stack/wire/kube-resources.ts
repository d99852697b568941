import { NothingThere } from "./fault.ts";
import { askKube, type KubernetesContext } from "./kube-session.ts";
import type { KubeObject } from "./manifests.ts";
import { recordsIn, textIn } from "./shape.ts";

/** How a cluster names the objects of a kind. */
export interface KubeResource {
  readonly plural: string;
  readonly isNamespaced: boolean;
}

/** The kinds of one version of the API, and the command that lists them. */
interface KubeResources {
  readonly kinds: ReadonlyMap<string, KubeResource>;
  readonly curl: readonly string[];
}

/** `/api/v1`, `/apis/apps/v1`; a version is a text of a file, so each word of it is escaped. */
export function versionPath(apiVersion: string): string {
  const words = apiVersion.split("/").map((word) => encodeURIComponent(word));
  return `/${words.length > 1 ? "apis" : "api"}/${words.join("/")}`;
}

async function resourcesOf(context: KubernetesContext, apiVersion: string): Promise<KubeResources> {
  const path = versionPath(apiVersion);
  const answer = await askKube(context, path);
  if (answer.status !== 200 && answer.status !== 404) {
    const said = context.excerpt(textIn(answer.json, "message"), 300);
    throw new NothingThere(`GET ${path} answered ${answer.status}: ${said}.`);
  }
  const listed = answer.status === 200 ? recordsIn(answer.json, "resources") : [];
  // `deployments/scale` is a part of a resource.
  const whole = listed.filter((one) => !textIn(one, "name").includes("/"));
  const kinds = whole.map((one): [string, KubeResource] => [
    textIn(one, "kind"),
    { plural: textIn(one, "name"), isNamespaced: one["namespaced"] === true },
  ]);
  return { kinds: new Map(kinds), curl: answer.curl };
}

/**
 * What the cluster serves of every version that the objects use; a version it does not serve has no
 * kinds. @throws NothingThere where it may not be asked.
 */
export async function servedResources(
  context: KubernetesContext,
  objects: readonly KubeObject[],
): Promise<ReadonlyMap<string, KubeResources>> {
  const found = new Map<string, KubeResources>();
  for (const apiVersion of new Set(objects.map((object) => object.apiVersion))) {
    found.set(apiVersion, await resourcesOf(context, apiVersion));
  }
  return found;
}
