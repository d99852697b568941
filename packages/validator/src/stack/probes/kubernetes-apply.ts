import type { StackSeen } from "../probe.ts";
import { LacksFeature, NothingThere } from "../wire/fault.ts";
import { meantOf } from "../wire/kube-live.ts";
import { type KubeResource, servedResources, versionPath } from "../wire/kube-resources.ts";
import { askKube } from "../wire/kube-session.ts";
import { minorOf } from "../wire/kube-versions.ts";
import { type KubeObject, objectName } from "../wire/manifests.ts";
import { objectHit } from "../wire/pod-specs.ts";
import { textIn } from "../wire/shape.ts";
import { type KubernetesContext, type KubernetesProbe, seenHit } from "./kubernetes-check.ts";
import { live, shared } from "./kubernetes-cluster.ts";

const hitsMax = 50;
const needs = ["login", "manifests"];
const category = "Deployment Automation";

const served: KubernetesProbe = {
  ...shared,
  needs,
  check: "served",
  summary: "the cluster knows every kind",
  severity: "high",
  claim: (service) =>
    service.manifests.length === 0
      ? null
      : live(service, {
          statement: "the cluster serves the kind and version of every object of the manifests",
          category,
          rationale: "An apply stops at the first object whose kind the cluster does not know.",
        }),
  saboteur: [{ when: "GET /apis/policy/v1 ", reply: '{"resources":[]}' }],
  async run(context) {
    const { objects } = await meantOf(context);
    const found = await servedResources(context, objects);
    const bad = objects.flatMap((object): StackSeen[] => {
      const own = found.get(object.apiVersion);
      if (own === undefined || own.kinds.has(object.kind)) return [];
      const says = `is of ${object.apiVersion}, which the cluster does not serve`;
      return [{ ...seenHit(objectHit(object, ["apiVersion"], says)), reproduce: own.curl }];
    });
    if (bad.length > 0) return bad.slice(0, hitsMax);
    const [first] = found.values();
    if (first === undefined) throw new NothingThere("The manifests hold no object.");
    const seen = `The cluster serves every kind of ${objects.length} objects in ${found.size} versions.`;
    return [{ ok: true, seen, reproduce: first.curl }];
  },
};

/** Asks the cluster to take one object as `kubectl apply --server-side` does, and to keep nothing. */
async function applied(context: KubernetesContext, object: KubeObject, as: KubeResource) {
  const space = as.isNamespaced ? `/namespaces/${encodeURIComponent(object.namespace)}` : "";
  const at = `${versionPath(object.apiVersion)}${space}/${as.plural}/${encodeURIComponent(object.name)}`;
  const how = "dryRun=All&fieldValidation=Strict&fieldManager=loadline&force=true";
  const headers = ["content-type", "application/apply-patch+yaml"];
  const sent = { method: "PATCH", json: object.value, headers } as const;
  const answer = await askKube(context, `${at}?${how}`, sent);
  const said = context.excerpt(textIn(answer.json, "message"), 500);
  const why = answer.status < 300 ? null : `is refused with ${answer.status}: ${said}`;
  // An admission that refuses says 403 as well; only a missing right is the token's.
  return { why, isForbidden: answer.status === 403 && / cannot \w+ resource /.test(said) };
}

function refused(object: KubeObject, why: string): StackSeen {
  const { file } = object.place([]);
  const words = ["apply", "--server-side", "--force-conflicts", "--dry-run=server"];
  const reproduce = ["kubectl", ...words, "--validate=strict", "-n", object.namespace, "-f", file];
  return { ...seenHit(objectHit(object, [], why)), reproduce };
}

const dryRun: KubernetesProbe = {
  ...shared,
  needs: ["served"],
  check: "dry_run",
  summary: "the cluster would take the manifests",
  severity: "high",
  claim(service) {
    if (service.manifests.length === 0) return null;
    const claim = {
      statement:
        "the cluster would take every object of the manifests as it is, with no field it does not know",
      category,
      rationale: "A field with a slip of the pen is dropped in silence, or stops the deployment.",
    } as const;
    return live(service, service.dryRun ? claim : { ...claim, required: false });
  },
  saboteur: [
    {
      when: "PATCH /apis/apps/v1/namespaces/default/deployments/web?dryRun=All",
      status: 400,
      reply:
        '{"kind":"Status","message":"strict decoding error: unknown field \\"spec.replica\\""}',
    },
  ],
  async run(context) {
    if (!context.service.dryRun) {
      throw new NothingThere("No dry run is asked for; `dryRun: true` asks the cluster.");
    }
    const version = context.facts.get("version") ?? "";
    // Before 1.25 a field that it does not know is taken all the same, whatever is asked.
    if (minorOf(version) < 25) {
      throw new LacksFeature(`Kubernetes ${version} has no strict validation of fields (1.25).`);
    }
    const { objects } = await meantOf(context);
    const found = await servedResources(context, objects);
    const bad: StackSeen[] = [];
    const forbidden: string[] = [];
    for (const object of objects) {
      const as = found.get(object.apiVersion)?.kinds.get(object.kind);
      if (as === undefined) continue;
      const { why, isForbidden } = await applied(context, object, as);
      if (isForbidden) forbidden.push(objectName(object));
      else if (why !== null && bad.length < hitsMax) bad.push(refused(object, why));
    }
    if (bad.length > 0) return bad;
    if (forbidden.length > 0) {
      const first = forbidden.slice(0, 3).join(", ");
      throw new NothingThere(
        `The token may not patch ${forbidden.length} of ${objects.length} objects (${first}): give it the right, or say dryRun: false.`,
      );
    }
    const reproduce = [
      "kubectl",
      "apply",
      "--server-side",
      "--dry-run=server",
      "--validate=strict",
    ];
    const seen = `The cluster would take all ${objects.length} objects.`;
    const paths = context.service.manifests.flatMap((path) => ["-f", path]);
    return [{ ok: objects.length > 0, seen, reproduce: [...reproduce, ...paths] }];
  },
};

/** Checks of whether the cluster would take the manifests. */
export const applyProbes: readonly KubernetesProbe[] = [served, dryRun];
